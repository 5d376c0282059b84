import { leaseContainer } from '../../domain/names.ts'
import type { RunObservation, SeenContainer } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { FailureClass } from '../../domain/run.ts'
import type { Decision } from './decision.ts'
import { lastDisruption } from './disruptions.ts'
import { classify, disruption, failedByItself } from './failure.ts'
import { lacksPods, refusalOf, refusedToTheEnd } from './refused.ts'
import { type Rules, secondsBetween } from './rules.ts'
import { isOutOfReach, type Sight, trainerOf } from './sight.ts'

/** How an attempt ended; `atOnce` when its Job goes on and must be taken away now rather than after its time to live. */
export interface Ending {
  readonly outcome: 'SUCCEEDED' | 'FAILED'
  readonly failureClass: FailureClass | null
  readonly message: string
  readonly at: Date
  readonly atOnce: boolean
}

/** What of a plan says how an attempt may end. */
export type PlannedEnd = Pick<TrainingPlan, 'nodes' | 'retry' | 'exitGraceSeconds'>

/**
 * Whether the current attempt has ended, and how; undefined while it goes on or evidence may still arrive.
 * `done` fixes the outcome: a success wins over a later exit code and, after a grace, over a process that never exits.
 */
export function endingOf(
  sight: Sight,
  seen: RunObservation,
  plan: PlannedEnd,
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
    const failure = refusedToTheEnd(sight, seen, plan) ?? classify(sight)
    return ended('FAILED', failure.failureClass, failure.message, sight.ended.at)
  }
  if (!sight.job) return vanished(sight, seen, plan, rules, decision)
  decision.forget('vanished')
  return (
    outOfReach(sight, seen) ??
    stuck(sight, seen, rules, decision) ??
    refusedTooLong(sight, seen, plan, rules, decision) ??
    tooManyDisruptions(sight, seen, plan, decision)
  )
}

/** The Job waits for a pod on a node that nobody hears of. Its manifest stays for its time: taking it away now would wait for that node too. */
function outOfReach(sight: Sight, seen: RunObservation): Ending | undefined {
  const pod = sight.pods.find(isOutOfReach)
  return pod && ended('FAILED', 'NODE_LOST', pod.message, seen.at)
}

/**
 * A Job that was there and is gone is neither failed nor succeeded. While pods of it go on they decide; then what they left behind, or what their
 * trainer said; and when a grace has passed and no evidence came, it is lost.
 */
function vanished(
  sight: Sight,
  seen: RunObservation,
  plan: PlannedEnd,
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
  // The init container waits for the lease alone. A kubelet looks again only after a while, and says until then that there is none.
  const config = waiting?.reason === 'CreateContainerConfigError' && leased && !waitsForLease(waiting)
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

/** No pod may be made: that is waited for, and counts no time that its trainer needs. The next attempt's Job has its time limit anew. */
function refusedTooLong(
  sight: Sight,
  seen: RunObservation,
  plan: PlannedEnd,
  rules: Rules,
  decision: Decision,
): Ending | undefined {
  const key = `quota of attempt ${sight.attempt.attempt}`
  if (!lacksPods(sight, plan.nodes)) decision.forget(key)
  const refusal = refusalOf(sight, seen, plan.nodes)
  if (!refusal || secondsBetween(decision.since(key), seen.at) < rules.quotaGraceSeconds) return undefined
  return ended('FAILED', 'QUOTA', refusal.message, seen.at, true)
}

function waitsForLease({ init, name }: SeenContainer): boolean {
  return init && name === leaseContainer
}

function tooManyDisruptions(
  sight: Sight,
  seen: RunObservation,
  plan: PlannedEnd,
  { run }: Decision,
): Ending | undefined {
  const counted = run.attempts.find(({ attempt }) => attempt === sight.attempt.attempt)?.disruptions ?? 0
  if (counted <= plan.retry.maxDisruptions) return undefined
  const failureClass = lastDisruption(run, sight.attempt) ?? 'EVICTED'
  const unknown = { failureClass, message: 'its pod was taken away' }
  const last = sight.pods.map(disruption).findLast((one) => one !== undefined) ?? unknown
  const message = `it was disrupted more than ${plan.retry.maxDisruptions} times, last: ${last.message}`
  return ended('FAILED', last.failureClass, message, seen.at, true)
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
