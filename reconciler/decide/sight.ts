import type {
  RunObservation,
  SeenCondition,
  SeenContainer,
  SeenJob,
  SeenPod,
  TrainerSaid,
} from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Attempt, Run } from '../../domain/run.ts'
import { secondsBetween } from './rules.ts'

/** What is seen of the current attempt. */
export interface Sight {
  readonly attempt: Attempt
  /** The Job that the attempt belongs to: the one its lease was granted to, else the first that was made. */
  readonly job: SeenJob | undefined
  /** Pods of the attempt's Job, oldest first; also those that lost it. */
  readonly pods: readonly SeenPod[]
  readonly livePods: readonly SeenPod[]
  readonly said: TrainerSaid | undefined
  /** When the Job ended, by its own conditions. */
  readonly ended: { readonly succeeded: boolean; readonly condition: SeenCondition; readonly at: Date } | undefined
}

export function look(run: Run, seen: RunObservation): Sight | undefined {
  const attempt = run.attempts.find((one) => one.attempt === run.attempt)
  if (!attempt) return undefined
  const jobs = seen.jobs
    .filter((job) => job.attempt === attempt.attempt)
    .sort((left, right) => left.createdAt.getTime() - right.createdAt.getTime())
  const job = attempt.jobUid === null ? jobs[0] : jobs.find((one) => one.uid === attempt.jobUid)
  const owner = attempt.jobUid ?? job?.uid
  const pods = seen.pods
    .filter((pod) => pod.attempt === attempt.attempt && owner !== undefined && owner === madeBy(pod))
    .sort((left, right) => left.createdAt.getTime() - right.createdAt.getTime())
  return {
    attempt,
    job,
    pods,
    livePods: pods.filter(isAlive),
    said: seen.said.find((one) => one.attempt === attempt.attempt),
    ended: job && endOf(job, seen.at),
  }
}

/** UID of the Job that made a pod: the one that owns it, or of an orphan the one that did. */
export function madeBy(pod: SeenPod): string | undefined {
  return pod.jobUid ?? pod.formerJobUid
}

/** The reason of a pod that was told to end and whose node has not been heard of for so long that it counts as ended. */
const nodeLost = 'NodeLost'

/**
 * A pod as it counts: one that stays Terminating beyond its grace and `nodeLostSeconds` is on a node that nobody hears of, and would be waited for
 * without end.
 */
export function asItCounts(
  pod: SeenPod,
  { terminationGraceSeconds, nodeLostSeconds }: Pick<TrainingPlan, 'terminationGraceSeconds' | 'nodeLostSeconds'>,
  now: Date,
): SeenPod {
  if (!isAlive(pod) || pod.deletionRequestedAt === null || pod.node === null) return pod
  const since = secondsBetween(pod.deletionRequestedAt, now)
  if (since < terminationGraceSeconds + nodeLostSeconds) return pod
  const message = `node ${pod.node} has not ended the pod ${Math.round(nodeLostSeconds)} s after it should have`
  return { ...pod, phase: 'Failed', reason: nodeLost, message }
}

export function isOutOfReach(pod: SeenPod): boolean {
  return pod.phase === 'Failed' && pod.reason === nodeLost && pod.deletionRequestedAt !== null
}

export function isAlive(pod: SeenPod): boolean {
  return pod.phase !== 'Succeeded' && pod.phase !== 'Failed'
}

export function conditionOf(conditions: readonly SeenCondition[], type: string): SeenCondition | undefined {
  return conditions.find((condition) => condition.type === type && condition.status === 'True')
}

export function trainerOf(pod: SeenPod): SeenContainer | undefined {
  return pod.containers.find((container) => !container.init)
}

function endOf(job: SeenJob, now: Date): Sight['ended'] {
  const complete = conditionOf(job.conditions, 'Complete')
  const failed = conditionOf(job.conditions, 'Failed')
  const condition = complete ?? failed
  return condition && { succeeded: complete !== undefined, condition, at: condition.at ?? now }
}
