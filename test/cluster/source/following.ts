import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { ClusterView } from '../../../domain/observation.ts'
import { type ConnectedKubernetes, connectKubernetes } from '../../../reconciler/sources/kubernetes/connect.ts'
import { seenJob } from '../../../reconciler/sources/kubernetes/projection/job.ts'
import { seenPod } from '../../../reconciler/sources/kubernetes/projection/pod.ts'
import type { MirrorTimes } from '../../../reconciler/sources/kubernetes/watch/mirror.ts'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import type { Cluster } from '../support/cluster.ts'

/** The promise: after any fault our view is what a fresh list says, within so many seconds. */
export const mendedSeconds = 30

export interface Following extends ConnectedKubernetes {
  readonly logged: readonly string[]
  /** Keys that were told as changed. */
  readonly keys: readonly string[]
  view(): Promise<ClusterView>
}

const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closers.splice(0)) await close()
})

export interface FollowOptions {
  readonly kubeconfig?: string
  readonly environment?: string
  readonly argocd?: boolean
  /** Others than the usual ones. */
  readonly times?: Partial<MirrorTimes>
}

/** Follows namespaces of the bed, with the usual times unless told otherwise, until the tests of the file have ended. */
export async function follow(
  cluster: Cluster,
  namespaces: readonly string[],
  { kubeconfig = cluster.kubeconfig, environment = 'dev', argocd = true, times = {} }: FollowOptions = {},
): Promise<Following> {
  const logged: string[] = []
  const keys: string[] = []
  const connected = await connectKubernetes({
    environment,
    kubeconfig,
    context: null,
    namespaces: Object.fromEntries(namespaces.map((one) => [one, one])),
    argocdNamespace: argocd ? argocdNamespace : null,
    now: () => new Date(),
    times,
    log: ({ level, message }) => logged.push(`${level}: ${message}`),
  })
  closers.push(connected.close)
  connected.source.watch((key) => keys.push(JSON.stringify(key)))
  return { ...connected, logged, keys, view: () => connected.source.view(environment) }
}

/** A kubeconfig with another address in it, e.g. of a proxy. */
export function kubeconfigFor(cluster: Cluster, kubeconfig: string, server: string, name: string): string {
  const path = join(cluster.folder, 'kubeconfigs', `${name}.yaml`)
  const text = readFileSync(kubeconfig, 'utf8').replaceAll(cluster.apiServer, server)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

export interface Fresh {
  readonly jobs: readonly unknown[]
  readonly pods: readonly unknown[]
}

/** What a list of just now says, by way of the tests' own client. */
export async function freshList({ kubernetes }: Cluster, namespace: string): Promise<Fresh> {
  const [jobs, pods] = await Promise.all([
    kubernetes.list<KubernetesObject>(resource('batch/v1', 'jobs', namespace)),
    kubernetes.list<KubernetesObject>(resource('v1', 'pods', namespace)),
  ])
  return { jobs: byUid(jobs.map((one) => seenJob(one))), pods: byUid(pods.map((one) => seenPod(one))) }
}

/** Waits until our view is what a fresh list says. @throws Error with the last difference after 30 s */
export async function untilEqual(cluster: Cluster, following: Following, namespace: string): Promise<ClusterView> {
  let difference = 'there was no view'
  const look = async () => {
    const view = await following.view()
    const fresh = await freshList(cluster, namespace)
    const ours = { jobs: byUid(view.jobs.map((one) => ({ ...one, workload: null }))), pods: byUid(view.pods) }
    difference = `ours ${summary(ours)}, fresh ${summary(fresh)}`
    return JSON.stringify(ours) === JSON.stringify(fresh) && view
  }
  return until('our view to equal a fresh list', look, { seconds: mendedSeconds }).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}; ${difference}`, { cause: error })
  })
}

function summary({ jobs, pods }: Fresh): string {
  return `${jobs.length} Jobs, ${pods.length} pods`
}

function byUid(values: readonly unknown[]): readonly unknown[] {
  const uid = (value: unknown) => (value as { uid: string }).uid
  return values.filter(Boolean).sort((left, right) => (uid(left) < uid(right) ? -1 : 1))
}
