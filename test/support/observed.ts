import { askedOfJob } from '../../reconciler/observed/asked.ts'
import type { ForeignApplication, Survey } from '../../reconciler/observed/cluster.ts'
import type { Change, DeclaredObject, DeployFiles } from '../../reconciler/observed/files.ts'
import type { ApiObject } from '../../reconciler/sources/kubernetes/projection/api-object.ts'
import { foreignApplication } from '../../reconciler/sources/kubernetes/survey/application.ts'
import { foreignJob, foreignPod } from '../../reconciler/sources/kubernetes/survey/objects.ts'
import { readManifest } from '../../cli/observe/manifests.ts'

/*
 * Objects of a stranger's cluster as its API server would write them, and files as a stranger would.
 */

export const start = new Date('2026-03-04T05:00:00Z')
export const at = (seconds: number): Date => new Date(start.getTime() + seconds * 1000)
export const time = (seconds: number): string => at(seconds).toISOString()

type Values = Readonly<Record<string, unknown>>

export interface JobWishes {
  readonly name?: string
  readonly spec?: Values
  readonly pod?: Values
  readonly container?: Values
  readonly status?: Values
  readonly metadata?: Values
}

const image = `registry.example.com/bert@sha256:${'a'.repeat(64)}`

export function specOf({ spec = {}, pod = {}, container = {} }: JobWishes) {
  const main = { name: 'main', image, command: ['train'], ...container }
  return { ...spec, template: { spec: { restartPolicy: 'Never', containers: [main], ...pod } } }
}

/** A Job of an Application `ml` unless it says otherwise, that ignores disruptions and has a time limit. */
export function jobObject(wishes: JobWishes = {}): ApiObject & Values {
  const { name = 'bert', status = {}, metadata = {} } = wishes
  const calm = {
    backoffLimit: 0,
    activeDeadlineSeconds: 3600,
    podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
  }
  return {
    metadata: {
      name,
      namespace: 'team',
      uid: `uid-of-${name}`,
      creationTimestamp: time(0),
      annotations: { 'argocd.argoproj.io/tracking-id': `ml:batch/Job:team/${name}` },
      ...metadata,
    },
    spec: specOf({ ...wishes, spec: { ...calm, ...wishes.spec } }),
    status: { startTime: time(0), ...status },
  }
}

export interface PodWishes {
  readonly name?: string
  readonly job?: string
  readonly phase?: string
  /** Of its container. */
  readonly state?: Values
  readonly status?: Values
  readonly metadata?: Values
  readonly made?: number
  readonly limits?: Values
}

export function podObject(wishes: PodWishes = {}): ApiObject & Values {
  const { job = 'bert', name = `${job}-x7k2p`, phase = 'Running', state, status = {}, metadata = {}, made = 1 } = wishes
  const running = { running: { startedAt: time(made + 2) } }
  return {
    metadata: {
      name,
      namespace: 'team',
      uid: `uid-of-${name}`,
      creationTimestamp: time(made),
      labels: { 'batch.kubernetes.io/controller-uid': `uid-of-${job}`, 'batch.kubernetes.io/job-name': job },
      ownerReferences: [{ kind: 'Job', uid: `uid-of-${job}`, controller: true }],
      ...metadata,
    },
    spec: { nodeName: 'gpu-1', containers: [{ name: 'main', resources: { limits: wishes.limits ?? {} } }] },
    status: {
      phase,
      startTime: time(made + 1),
      containerStatuses: [
        { name: 'main', imageID: `registry.example.com/bert@sha256:${'b'.repeat(64)}`, state: state ?? running },
      ],
      ...status,
    },
  }
}

export const ended = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error', seconds = 60) => ({
  terminated: { exitCode, reason, startedAt: time(3), finishedAt: time(seconds) },
})
export const condition = (type: string, reason = '', message = '', status = 'True') => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: time(61),
})

export interface ApplicationWishes {
  readonly name?: string
  /** Null: a person syncs it. */
  readonly automated?: Values | null
  readonly source?: Values
  readonly syncOptions?: readonly string[]
  readonly status?: Values
  readonly destination?: Values
}

const url = 'https://git.example.com/ml/deploy.git'
export const head = 'c'.repeat(40)

export function applicationObject(wishes: ApplicationWishes = {}): ApiObject & Values {
  const { name = 'ml', automated = {}, source = {}, syncOptions = [], status = {}, destination = {} } = wishes
  return {
    metadata: { name, namespace: 'argocd', uid: `uid-of-${name}` },
    spec: {
      source: { repoURL: url, path: 'jobs', targetRevision: 'main', ...source },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'team', ...destination },
      syncPolicy: { ...(automated && { automated }), syncOptions },
    },
    status: {
      sync: { status: 'Synced', revision: head },
      health: { status: 'Healthy' },
      operationState: {
        phase: 'Succeeded',
        finishedAt: time(0),
        operation: { initiatedBy: { automated: true } },
        syncResult: { revision: head },
      },
      ...status,
    },
  }
}

export interface SurveyWishes {
  readonly jobs?: readonly ApiObject[]
  readonly pods?: readonly ApiObject[]
  readonly applications?: readonly ApiObject[]
  readonly more?: Partial<Survey>
}

/** One look, a thousand seconds after the beginning. */
export function survey({
  jobs = [],
  pods = [],
  applications = [applicationObject()],
  more = {},
}: SurveyWishes): Survey {
  return {
    at: at(1000),
    server: 'https://cluster.example.com:6443',
    namespaces: ['team'],
    applications: applications.flatMap((one) => foreignApplication(one) ?? []) as readonly ForeignApplication[],
    jobs: jobs.flatMap((one) => foreignJob(one) ?? []),
    pods: pods.flatMap((one) => foreignPod(one) ?? []),
    refusals: [],
    incomplete: [],
    ...more,
  }
}

export const change: Change = {
  commit: 'd'.repeat(40),
  subject: 'Train BERT',
  author: 'Ada <ada@example.com>',
  at: at(-30),
  approvedBy: [],
  merged: null,
  request: null,
}

/** Files of the deploy repository, read as the command reads them. */
export function deployFiles(files: Readonly<Record<string, string>>, more: Partial<DeployFiles> = {}): DeployFiles {
  const objects = Object.entries(files).flatMap(([path, text]) =>
    readManifest(path, new TextEncoder().encode(text)).objects.map(
      ({ lastLine: _lastLine, ...one }): DeclaredObject => ({ ...one, change }),
    ),
  )
  return {
    repository: url,
    aliases: [],
    branch: 'main',
    head,
    objects,
    templates: [],
    charts: [],
    kustomizations: new Map(),
    unreadable: [],
    runOf: () => undefined,
    ...more,
  }
}

export const asked = (wishes: JobWishes = {}) => askedOfJob(specOf(wishes))
