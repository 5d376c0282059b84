import { afterEach } from 'vitest'
import type { ClusterView } from '../../../domain/observation.ts'
import { type ConnectedKubernetes, connectKubernetes } from '../../../reconciler/sources/kubernetes/connect.ts'
import { seenJob } from '../../../reconciler/sources/kubernetes/projection/job.ts'
import type { MirrorTimes } from '../../../reconciler/sources/kubernetes/watch/mirror.ts'
import { type FakeApiServer, type FakeObject, startFakeApiServer } from './fake-api-server.ts'

export const namespace = 'ml-language'
export const jobsPath = `/apis/batch/v1/namespaces/${namespace}/jobs`
export const secretsPath = `/api/v1/namespaces/${namespace}/secrets`
export const applicationsPath = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications'

/** Seconds instead of minutes; a second is the shortest watch there is. */
const quick: Partial<MirrorTimes> = {
  watchSeconds: 1,
  silenceMilliseconds: 2000,
  backoff: { leastMilliseconds: 20, mostMilliseconds: 200 },
  refusedMilliseconds: 200,
  shortestMilliseconds: 200,
}

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

export async function fakeServer(): Promise<FakeApiServer> {
  const server = await startFakeApiServer()
  closers.push(server.close)
  return server
}

export interface Following extends ConnectedKubernetes {
  readonly logged: readonly string[]
  /** Keys that were told as changed. */
  readonly keys: readonly string[]
  view(): Promise<ClusterView>
}

/** Follows an API server until the test ends. */
export async function following(
  kubeconfig: string,
  options: { readonly times?: Partial<MirrorTimes>; readonly argocdNamespace?: string | null } = {},
): Promise<Following> {
  const logged: string[] = []
  const keys: string[] = []
  const connected = await connectKubernetes({
    environment: 'dev',
    kubeconfig,
    context: null,
    namespaces: { language: namespace },
    argocdNamespace: options.argocdNamespace ?? null,
    now: () => new Date(),
    log: ({ level, message }) => logged.push(`${level}: ${message}`),
    times: { ...quick, ...options.times },
  })
  closers.push(connected.close)
  connected.source.watch((key) => keys.push(JSON.stringify(key)))
  return { ...connected, logged, keys, view: () => connected.source.view('dev') }
}

export function runId(number: number): string {
  return `00000000-0000-5000-8000-${String(number).padStart(12, '0')}`
}

/** A Job in the shape that the API server has, as far as it is read. */
export function apiJob(number: number, status: Readonly<Record<string, unknown>> = {}): FakeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `job-${number}`,
      namespace,
      labels: { app: 'trainer', 'job-id': runId(number), 'specyard.dev/attempt': '1' },
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { suspend: false },
    status,
  } as FakeObject
}

/** What a fresh list would give, in the order of names. */
export function freshJobs(server: FakeApiServer): unknown {
  return byUid(server.objects(jobsPath).map((one) => seenJob(one)))
}

export function byUid(values: readonly unknown[]): unknown {
  return [...values].sort((left, right) => ((left as { uid: string }).uid < (right as { uid: string }).uid ? -1 : 1))
}
