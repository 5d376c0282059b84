import type { RunObservation } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { FailureClass } from '../../domain/run.ts'
import type { Decision } from './decision.ts'
import { classify, disruption, failedByItself, isDisrupted } from './failure.ts'
import { type Rules, secondsBetween } from './rules.ts'
import { type Sight, trainerOf } from './sight.ts'

/** How an attempt ended; `atOnce` when its Job goes on and must be taken away now rather than after its time to live. */
export interface Ending {
  readonly outcome: 'SUCCEEDED' | 'FAILED'
  readonly failureClass: FailureClass | null
  readonly message: string
  readonly at: Date
  readonly atOnce: boolean
}

/**
 * Whether the current attempt has ended, and how; undefined while it goes on or evidence may still arrive.
 * `done` fixes the outcome: a success wins over a later exit code and, after a grace, over a process that never exits.
 */
export function endingOf(
  sight: Sight,
  seen: RunObservation,
  plan: TrainingPlan,
  rules: Rules,
  decision: Decision,
): Ending | undefined {
  const done = sight.said?.done
  const gone = sight.livePods.length === 0
  if (done?.outcome === 'SUCCEEDED') {
    const waited = secondsBetween(done.at, seen.at)
    if (gone || waited >= plan.exitGraceSeconds) return ended('SUCCEEDED', null, done.message ?? '', done.at, !gone)
    return undefined
  }
  if (sight.ended && gone) {
    decision.forget('vanished')
    const waited = secondsBetween(sight.ended.at, seen.at)
    if (!done && waited < rules.decisionGraceSeconds) return undefined
    if (sight.ended.succeeded && !done)
      return ended('SUCCEEDED', null, 'the Job completed; its trainer reported no end', sight.ended.at)
    const failure = classify(sight)
    return ended('FAILED', failure.failureClass, failure.message, sight.ended.at)
  }
  if (!sight.job) return vanished(sight, seen, plan, rules, decision)
  decision.forget('vanished')
  return stuck(sight, seen, rules, decision) ?? tooManyDisruptions(sight, seen, plan)
}

/**
 * A Job that was there and is gone is neither failed nor succeeded. While pods of it go on they decide; then what they left behind, or what their
 * trainer said; and when a grace has passed and no evidence came, it is lost.
 */
function vanished(
  sight: Sight,
  seen: RunObservation,
  plan: TrainingPlan,
  rules: Rules,
  decision: Decision,
): Ending | undefined {
  if (sight.attempt.jobUid === null) return undefined
  if (sight.livePods.length > 0) {
    decision.forget('vanished')
    return undefined
  }
  const since = decision.since('vanished')
  const waited = secondsBetween(since, seen.at)
  const left = sight.pods.filter((pod) => pod.deletionRequestedAt === null)
  const completed = left.filter((pod) => pod.phase === 'Succeeded').length >= plan.nodes
  const failed = left.some(failedByItself) || sight.said?.done?.outcome === 'FAILED'
  if ((completed || failed) && waited >= rules.decisionGraceSeconds) {
    if (completed && !sight.said?.done)
      return ended('SUCCEEDED', null, 'its Job vanished, its pods completed; its trainer reported no end', since)
    const { failureClass, message } = classify(sight)
    return ended('FAILED', failureClass, message, since)
  }
  if (waited < rules.lostGraceSeconds) return undefined
  return ended('FAILED', 'LOST', 'its Job vanished, and nothing says how it ended', since)
}

/** Containers that wait for something that will not come never fail by themselves. */
function stuck(sight: Sight, seen: RunObservation, rules: Rules, decision: Decision): Ending | undefined {
  const pod = sight.livePods.at(-1)
  const waiting = pod?.containers.find((container) => container.state === 'waiting')
  const leased = seen.leases.some((lease) => lease.attempt === sight.attempt.attempt && lease.jobUid === sight.job?.uid)
  const image =
    waiting !== undefined && ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName'].includes(waiting.reason)
  const config = waiting?.reason === 'CreateContainerConfigError' && leased
  if (!image) decision.forget('image')
  if (!config) decision.forget('config')
  if (image && secondsBetween(decision.since('image'), seen.at) >= rules.imageGraceSeconds) {
    return ended('FAILED', 'IMAGE', waiting.message || 'the image cannot be had', seen.at, true)
  }
  if (config && secondsBetween(decision.since('config'), seen.at) >= rules.configGraceSeconds) {
    return ended('FAILED', 'CONFIG', waiting.message || 'the container cannot be configured', seen.at, true)
  }
  return undefined
}

function tooManyDisruptions(sight: Sight, seen: RunObservation, plan: TrainingPlan): Ending | undefined {
  const last = sight.pods.map(disruption).findLast((one) => one !== undefined)
  if (!last || disruptions(sight) <= plan.retry.maxDisruptions) return undefined
  const message = `it was disrupted more than ${plan.retry.maxDisruptions} times, last: ${last.message}`
  return ended('FAILED', last.failureClass, message, seen.at, true)
}

/** Pods that the cluster took away from the attempt's Job, and that the Job replaces. */
export function disruptions(sight: Sight): number {
  return sight.pods.filter((pod) => isDisrupted(pod) && pod.phase === 'Failed').length
}

function ended(
  outcome: Ending['outcome'],
  failureClass: FailureClass | null,
  message: string,
  at: Date,
  atOnce = false,
): Ending {
  return { outcome, failureClass, message, at, atOnce }
}

/** When the trainer of the attempt began. */
export function trainerStart(sight: Sight): Date | null {
  const starts = sight.pods.flatMap((pod) => trainerOf(pod)?.startedAt ?? [])
  return starts[0] ?? null
}
