import type { RunObservation, SeenRefusal } from '../../domain/observation.ts'
import type { Failure } from './failure.ts'
import { secondsBetween } from './rules.ts'
import { type Sight, trainerOf } from './sight.ts'

/*
 * A Job that may make no pod, because a quota is used up or a limit or policy forbids it, waits without a word in its own status: what refuses the
 * pods says it in an event, and the Job's time limit runs meanwhile.
 *
 * | what is seen                                            | what it is                                             |
 * |---------------------------------------------------------|--------------------------------------------------------|
 * | pods are lacking and one was refused                    | QUEUED, FailedCreate, in the words of what refused it  |
 * | that for `quotaGraceSeconds`, or to the Job's own limit | the attempt ends as QUOTA, charged to the cluster      |
 * | the pods are there                                      | it goes on as if nothing had been                      |
 */

/** The Job controller's own word. */
export const refusedReason = 'FailedCreate'

/** Events tell whole seconds, and clocks of controllers differ a little. */
const clocksSeconds = 2

/** Whether the Job could make pods, and has not made all that the training needs. */
export function lacksPods({ job, ended, pods, livePods }: Sight, nodes: number): boolean {
  if (!job || job.suspended || job.deletionRequestedAt !== null) return false
  if (ended && (ended.succeeded || ended.condition.reason !== 'DeadlineExceeded')) return false
  return livePods.length + pods.filter(({ phase }) => phase === 'Succeeded').length < nodes
}

/** What said that the Job may make no pod: undefined where nothing did since it made its last one. */
export function refusalOf(sight: Sight, seen: RunObservation, nodes: number): SeenRefusal | undefined {
  if (!lacksPods(sight, nodes)) return undefined
  const refusal = seen.refusals?.find(({ jobUid }) => jobUid === sight.job?.uid)
  const newest = sight.pods.at(-1)
  if (!refusal || !newest || refusal.at === null) return refusal
  return secondsBetween(newest.createdAt, refusal.at) < -clocksSeconds ? undefined : refusal
}

/** The time limit passed, and the trainer never began for want of pods: that is no matter of how long it trains. */
export function refusedToTheEnd(sight: Sight, seen: RunObservation, plan: { nodes: number }): Failure | undefined {
  if (sight.pods.some((pod) => trainerOf(pod)?.startedAt != null)) return undefined
  const refusal = refusalOf(sight, seen, plan.nodes)
  return (
    refusal && { failureClass: 'QUOTA', message: `the time limit passed, and no pod was let in: ${refusal.message}` }
  )
}
