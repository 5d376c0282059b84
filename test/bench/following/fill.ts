import { createHash } from 'node:crypto'
import { renderJob } from '../../../compiler/render/job.ts'
import { leaseSecretName } from '../../../domain/names.ts'
import type { TrainingPlan } from '../../../domain/plan.ts'
import { parse } from 'yaml'
import { type KubernetesObject, resource } from '../../cluster/base/kubernetes.ts'
import type { Cluster } from '../../cluster/support/cluster.ts'
import { plan as planned } from '../../support/reconciler.ts'

const requestsAtOnce = 32

/**
 * Fills a namespace with running trainings: for each a Job as the product renders it, its pod and its lease. No controller plays them (`managedBy`,
 * `schedulerName`): what a Job controller and a kubelet would write is written here, so that ten thousand are there in a minute.
 */
export async function fill(cluster: Cluster, namespace: string, trainings: number): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let number = next++; number < trainings; number = next++) await training(cluster, namespace, number)
  }
  await Promise.all(Array.from({ length: requestsAtOnce }, worker))
}

async function training({ kubernetes }: Cluster, namespace: string, number: number): Promise<void> {
  const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const job = jobOf(namespace, number)
  const jobs = resource('batch/v1', 'jobs', namespace)
  const { metadata } = await kubernetes.create(jobs, job)
  const { name, uid = '' } = metadata
  const status = { startTime: at, active: 1, ready: 1, terminating: 0, uncountedTerminatedPods: {} }
  await kubernetes.patch(`${jobs}/${name}/status`, { status })
  const pods = resource('v1', 'pods', namespace)
  const pod = await kubernetes.create(pods, podOf(job, uid))
  await kubernetes.patch(`${pods}/${pod.metadata.name}/status`, { status: podStatus(at) })
  const run = metadata.labels?.['job-id'] ?? ''
  await kubernetes.create(resource('v1', 'secrets', namespace), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: leaseSecretName(run, 1),
      annotations: { 'specyard.dev/job-uid': uid, 'specyard.dev/token-expires-at': '2100-01-01T00:00:00Z' },
    },
    stringData: { token: 'x'.repeat(300), 'job-uid': uid },
  })
}

interface JobObject extends KubernetesObject {
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: object } }
}

function jobOf(namespace: string, number: number): JobObject {
  const digest = createHash('sha256').update(`${namespace} ${number}`).digest('hex')
  const id = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  const plan: TrainingPlan = {
    ...planned,
    id,
    digest,
    shortDigest: digest.slice(0, 8),
    namespace,
    name: `training-${number}`,
    cluster: 'kubernetes',
    imageFolder: null,
    volumes: [],
  }
  const job = parse(renderJob(plan, { attempt: 1, checkpointUri: null })) as JobObject
  return { ...job, spec: { ...job.spec, managedBy: 'specyard.dev/bench' } as JobObject['spec'] }
}

function podOf(job: JobObject, uid: string): object {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: job.metadata.name, uid, controller: true }
  const { metadata, spec } = job.spec.template
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, generateName: `${job.metadata.name}-`, ownerReferences: [owner] },
    spec: { ...spec, schedulerName: 'nobody' },
  }
}

function podStatus(at: string): object {
  const imageID = `docker.io/example/trainer@sha256:${'a'.repeat(64)}`
  const base = { image: 'example/trainer:1', imageID, restartCount: 0 }
  const ended = { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at, containerID: 'containerd://a' }
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled']
  return {
    phase: 'Running',
    startTime: at,
    podIP: '10.0.0.1',
    conditions: conditions.map((type) => ({ type, status: 'True', lastTransitionTime: at })),
    initContainerStatuses: [{ name: 'lease', ...base, ready: true, state: { terminated: ended } }],
    containerStatuses: [{ name: 'trainer', ...base, ready: true, state: { running: { startedAt: at } } }],
  }
}
