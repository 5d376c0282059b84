import type { SeenPod } from '../../domain/observation.ts'
import type { FailureClass } from '../../domain/run.ts'
import { conditionOf, isOutOfReach, type Sight, trainerOf } from './sight.ts'

export interface Failure {
  readonly failureClass: FailureClass
  readonly message: string
}

/**
 * The class of an attempt's failure, told from the conditions of its Job and newest pod. A disruption comes before any exit code, since an
 * eviction also ends with 137.
 * @see https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
 */
export function classify(sight: Sight): Failure {
  const condition = sight.ended?.condition
  if (condition?.reason === 'DeadlineExceeded')
    return { failureClass: 'DEADLINE', message: condition.message || 'the time limit passed' }
  const pod = decisivePod(sight.pods)
  const disrupted = pod && disruption(pod)
  if (disrupted) return disrupted
  const container = pod && trainerOf(pod)
  if (container?.reason === 'OOMKilled') {
    return {
      failureClass: 'OOM',
      message: `the process used more memory than its limit (exit code ${container.exitCode ?? 137})`,
    }
  }
  if (container?.state === 'terminated' && container.exitCode !== 0) {
    const how = container.signal
      ? `was ended by ${container.signal}`
      : `exited with code ${container.exitCode ?? 'unknown'}`
    return { failureClass: 'APP_EXIT', message: `the trainer ${how}` }
  }
  const init = pod?.containers.find((one) => one.init && one.state === 'terminated' && one.exitCode !== 0)
  if (init)
    return {
      failureClass: 'CONFIG',
      message: `the init container ${init.name} exited with code ${init.exitCode}: ${init.message}`,
    }
  if (sight.said?.done?.outcome === 'FAILED') {
    return { failureClass: 'APP_EXIT', message: sight.said.done.message ?? 'the trainer reported that it failed' }
  }
  return { failureClass: 'APP_EXIT', message: condition?.message || 'the Job failed' }
}

/**
 * The pod whose end tells how its attempt ended: the first that failed by itself. Of a multi-node training one pod fails and the Job ends the others,
 * which say nothing but that they were told to end. Where none failed by itself it is the newest.
 * @param pods of one attempt's Job, in any order
 */
export function decisivePod(pods: readonly SeenPod[]): SeenPod | undefined {
  const failed = pods.filter((pod) => failedByItself(pod)).sort((left, right) => endedAt(left) - endedAt(right))
  const newest = [...pods].sort((left, right) => left.createdAt.getTime() - right.createdAt.getTime()).at(-1)
  return failed[0] ?? newest
}

/** Whether a pod failed and neither was told to end nor taken away. */
export function failedByItself(pod: SeenPod): boolean {
  return pod.phase === 'Failed' && pod.deletionRequestedAt === null && disruption(pod) === undefined
}

/**
 * Whether the kubelet did not let a pod in: `OutOfcpu`, `NodeAffinity`, `UnexpectedAdmissionError` … No container of it ever began, and its Job
 * counts that as a failure.
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/
 */
function isRejected(pod: SeenPod): boolean {
  const began = pod.containers.some((one) => one.state !== 'waiting' || one.startedAt !== null)
  return pod.phase === 'Failed' && pod.node !== null && !began && pod.reason !== '' && pod.reason !== 'DeadlineExceeded'
}

function endedAt(pod: SeenPod): number {
  const ends = pod.containers.filter((one) => one.exitCode !== 0).flatMap((one) => one.finishedAt?.getTime() ?? [])
  return Math.min(...ends, Number.MAX_SAFE_INTEGER)
}

/** Whether the cluster says of a pod that it took it away, and its Job replaces it. */
export function isDisrupted(pod: SeenPod): boolean {
  return !isOutOfReach(pod) && conditionOf(pod.conditions, 'DisruptionTarget') !== undefined
}

/** The class of what the cluster took away or did not let in; undefined when it did neither. */
export function disruption(pod: SeenPod): Failure | undefined {
  if (isOutOfReach(pod)) return { failureClass: 'NODE_LOST', message: pod.message }
  const condition = conditionOf(pod.conditions, 'DisruptionTarget')
  if (!condition) {
    if (pod.reason === 'Evicted') return { failureClass: 'EVICTED', message: pod.message || 'the pod was evicted' }
    if (isRejected(pod))
      return { failureClass: 'EVICTED', message: `node ${pod.node} refused the pod (${pod.reason}): ${pod.message}` }
    return undefined
  }
  const message = condition.message || `the pod was disrupted (${condition.reason})`
  if (/^Preemption/.test(condition.reason)) return { failureClass: 'PREEMPTED', message }
  if (condition.reason === 'DeletionByPodGC' || condition.reason === 'DeletionByTaintManager')
    return { failureClass: 'NODE_LOST', message }
  return { failureClass: 'EVICTED', message }
}
