import type { SeenJob } from '../../domain/observation.ts'
import type { Live } from '../kubelet/live.ts'
import { isRunning } from '../kubelet/pod-view.ts'
import type { JobObject, PodObject } from '../store/objects.ts'
import { attemptOf, runIdOf } from './controller.ts'
import { countedFailures } from './decide.ts'

/** A Job as the reconciler sees it. */
export function seenJob(job: JobObject, pods: readonly PodObject[], live: (pod: PodObject) => Live): SeenJob {
  return {
    name: job.name,
    namespace: job.namespace,
    uid: job.uid,
    runId: runIdOf(job.labels),
    attempt: attemptOf(job.labels),
    createdAt: new Date(job.createdAt),
    startedAt: job.startedAt === null ? null : new Date(job.startedAt),
    suspended: job.spec.suspend,
    conditions: job.conditions.map((one) => ({ ...one, at: new Date(one.at) })),
    active: pods.filter((pod) => pod.end === null).length,
    ready: pods.filter((pod) => isRunning(pod, live(pod))).length,
    succeeded: pods.filter((pod) => pod.end?.phase === 'Succeeded').length,
    failed: countedFailures(job, pods),
    deletionRequestedAt: job.deletionRequestedAt === null ? null : new Date(job.deletionRequestedAt),
    workload: null,
  }
}
