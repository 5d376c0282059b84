import { randomBytes, randomUUID } from 'node:crypto'
import { annotations, labels } from '../../domain/names.ts'
import { removeEndedPod } from '../kubelet/kept-logs.ts'
import type { JobObject, PodObject } from '../store/objects.ts'
import type { DesiredJob } from '../sync/desired.ts'
import type { World } from '../world.ts'
import { deadlineOf, decideJob } from './decide.ts'

/** Labels that Kubernetes puts on the pods of a Job. */
const podLabels = {
  jobName: 'batch.kubernetes.io/job-name',
  controllerUid: 'batch.kubernetes.io/controller-uid',
} as const

/** Stands in for the Job controller and the garbage collector. */
export interface JobController {
  create(desired: DesiredJob, owner: { readonly application: string; readonly environment: string }): void
  /** Labels and annotations may change; what a Job runs may not. */
  relabel(job: JobObject, desired: DesiredJob): void
  /** The Job stays to be seen until nothing of its pods lives, as with foreground deletion. */
  requestDeletion(job: JobObject): void
  /** One look at every Job. Looking again changes nothing. */
  look(): void
  podsOf(job: JobObject): readonly PodObject[]
}

export function openJobController(world: World, forget: (podUid: string) => void): JobController {
  const { store } = world
  const now = () => world.now().toISOString()
  const podsOf = (job: JobObject): readonly PodObject[] =>
    store
      .pods()
      .filter((pod) => pod.owner.kind === 'Job' && pod.owner.uid === job.uid)
      .sort((left, right) => Date.parse(left.createdAt) - Date.parse(right.createdAt))
  const changed = (job: JobObject): void => {
    world.changed({ runId: runIdOf(job.labels) })
    world.wake()
  }
  return {
    podsOf,
    create: (desired, owner) => {
      const job: JobObject = {
        format: 1,
        ...owner,
        ...desired,
        uid: randomUUID(),
        createdAt: now(),
        startedAt: desired.spec.suspend ? null : now(),
        deletionRequestedAt: null,
        conditions: [],
      }
      store.putJob(job)
      changed(job)
    },
    relabel: (job, desired) => {
      store.putJob({ ...job, labels: desired.labels, annotations: desired.annotations })
      changed(job)
    },
    requestDeletion: (job) => {
      if (job.deletionRequestedAt !== null) return
      store.putJob({ ...job, deletionRequestedAt: now() })
      changed(job)
    },
    look: () => {
      for (const job of store.jobs()) {
        if (job.deletionRequestedAt !== null) deleteJob(world, job, podsOf(job), forget)
        else control(world, job, podsOf(job))
      }
      collectOrphans(world, forget)
    },
  }
}

function control(world: World, job: JobObject, pods: readonly PodObject[]): void {
  const decision = decideJob(job, pods, world.now())
  if (decision.conditions.length > 0) {
    world.store.putJob({ ...job, conditions: [...job.conditions, ...decision.conditions] })
    world.changed({ runId: runIdOf(job.labels) })
    world.wake()
  }
  if (decision.stopPods) {
    for (const pod of pods) {
      if (pod.end !== null || pod.stopRequestedAt !== null) continue
      world.store.putPod({ ...pod, stopRequestedAt: world.now().toISOString() })
    }
  }
  if (decision.createPod) {
    world.store.putPod(podOf(job, world.now()))
    world.changed({ runId: runIdOf(job.labels) })
    world.wake()
  }
}

function podOf(job: JobObject, now: Date): PodObject {
  return {
    format: 1,
    uid: randomUUID(),
    name: `${job.name}-${randomBytes(4).toString('hex').slice(0, 5)}`,
    namespace: job.namespace,
    environment: job.environment,
    labels: { ...job.spec.template.metadata.labels, [podLabels.jobName]: job.name, [podLabels.controllerUid]: job.uid },
    owner: { kind: 'Job', uid: job.uid, runId: runIdOf(job.labels), attempt: attemptOf(job.labels) },
    spec: job.spec.template.spec,
    imageFolder: job.annotations[annotations.imageFolder] ?? null,
    forced: {},
    deadlineAt: deadlineOf(job)?.toISOString() ?? null,
    createdAt: now.toISOString(),
    deletionRequestedAt: null,
    stopRequestedAt: null,
    disruptionRequestedAt: null,
    imageDigest: null,
    end: null,
  }
}

function deleteJob(world: World, job: JobObject, pods: readonly PodObject[], forget: (podUid: string) => void): void {
  for (const pod of pods) {
    if (pod.deletionRequestedAt !== null) continue
    world.store.putPod({ ...pod, deletionRequestedAt: world.now().toISOString() })
    world.changed({ runId: runIdOf(job.labels) })
    world.wake()
  }
  if (pods.some((pod) => pod.end === null)) return
  for (const pod of pods) removeEndedPod(world, pod, forget)
  world.store.removeJob(job)
  world.changed({ runId: runIdOf(job.labels) })
  world.wake()
}

/** Pods whose Job is gone without them, as when its file could not be read. */
function collectOrphans(world: World, forget: (podUid: string) => void): void {
  const uids = new Set(world.store.jobs().map((job) => job.uid))
  for (const pod of world.store.pods()) {
    if (pod.owner.kind !== 'Job' || uids.has(pod.owner.uid)) continue
    if (pod.end !== null) removeEndedPod(world, pod, forget)
    else if (pod.deletionRequestedAt === null) {
      world.store.putPod({ ...pod, deletionRequestedAt: world.now().toISOString() })
    }
  }
}

export function runIdOf(jobLabels: Readonly<Record<string, string>>): string {
  return jobLabels[labels.jobId] ?? ''
}

export function attemptOf(jobLabels: Readonly<Record<string, string>>): number {
  return Number(jobLabels[labels.attempt] ?? 0)
}
