import type { RunObservation } from '../domain/observation.ts'
import type { TrainingPlan } from '../domain/plan.ts'
import { hangingOf, infrastructureFailures, isTerminal, type Run } from '../domain/run.ts'
import { type Decision, decide, type Transition } from './decide/decision.ts'
import { disruptions } from './decide/disruptions.ts'
import { type Ending, endingOf, trainerStart } from './decide/ending.ts'
import { adoptLedger, newAttempt } from './decide/adopt.ts'
import { reportGhosts, reportOrphans, revokeLeases } from './decide/ghosts.ts'
import { isDeletionOverdue, reportHanging } from './decide/hanging.ts'
import { reportLateEnds } from './decide/late.ts'
import { leaseFor } from './decide/lease.ts'
import { reportDrift, reportSync } from './decide/outside.ts'
import { rememberPlaces } from './decide/places.ts'
import { progressOf, stallOf } from './decide/progress.ts'
import { registration } from './decide/register.ts'
import { operate, tidyUp } from './decide/retire.ts'
import { defaultRules, type Rules, secondsAfter } from './decide/rules.ts'
import { isOutOfReach, look, type Sight } from './decide/sight.ts'
import { linkTrackers } from './decide/track.ts'
import { situation } from './decide/waiting.ts'
import { rememberJobs } from './rebuild/jobs.ts'

/*
 * state      | what is seen                                             | next
 * -----------+----------------------------------------------------------+------------------------------------------------------------
 * live       | the Job exists, its needed pods do not run               | QUEUED, with the reason
 * live       | the needed pods run                                      | RUNNING
 * live       | done SUCCEEDED, and the pods are gone or the grace is    | SUCCEEDED, register the model version
 * live       | the Job ended, the pods are gone, the grace is over      | SUCCEEDED, or the attempt failed:
 *            |   its class may be tried again and the budget allows     |   PENDING with the attempt raised, after the backoff a retry
 *            |   else                                                   |   FAILED
 * live       | its step stands still, and its spec wants that to end it | the attempt failed as STALLED
 * live       | the Job was there and is gone, the grace is over         | FAILED as LOST
 * live       | the ledger says cancelling, the pods are gone            | CANCELLED (a Job that completed first: SUCCEEDED)
 * FAILED     | it was LOST, and a done SUCCEEDED arrives                | SUCCEEDED
 * terminal   | the time to live is over, the evidence recorded          | retire; remove the lease
 */

/**
 * Decides the next state of a run from what is seen now; undefined when nothing changes. Looks at what is, not at what happened: the same
 * observation twice changes nothing the second time.
 */
export function transition(
  run: Run,
  seen: RunObservation,
  plan: TrainingPlan,
  rules: Rules = defaultRules,
): Transition | undefined {
  const decision = decide(run, seen.at)
  adoptLedger(decision, seen)
  keepEvidence(decision, seen)
  rememberJobs(decision, seen)
  reportGhosts(decision, seen, plan)
  reportOrphans(decision, seen, plan)
  reportHanging(decision, seen, rules)
  reportDrift(decision, seen)
  if (isTerminal(decision.run.state)) correctLost(decision, seen, plan)
  else if (seen.cluster !== 'unreachable') decideLive(decision, seen, plan, rules)
  reportLateEnds(decision, seen)
  rememberPlaces(decision, seen)
  revokeLeases(decision, seen, plan)
  tidyUp(decision, seen, plan)
  linkTrackers(decision, seen, plan)
  return decision.result()
}

function keepEvidence(decision: Decision, seen: RunObservation): void {
  for (const [attempt, evidence] of seen.evidence) {
    const known = decision.run.attempts.find((one) => one.attempt === attempt)
    if (known && known.evidence === null) decision.setAttempt(attempt, { evidence })
  }
}

function correctLost(decision: Decision, seen: RunObservation, plan: TrainingPlan): void {
  const { run } = decision
  const attempt = run.attempts.find((one) => one.attempt === run.attempt)
  const done = seen.said.find((one) => one.attempt === run.attempt)?.done
  if (
    run.state !== 'FAILED' ||
    attempt?.failureClass !== 'LOST' ||
    attempt.retiredAt !== null ||
    done?.outcome !== 'SUCCEEDED'
  )
    return
  decision.tell('corrected', 'LateEvidence', 'it counted as lost; its trainer has now reported success')
  end(decision, seen, plan, {
    outcome: 'SUCCEEDED',
    failureClass: null,
    message: done.message ?? '',
    at: done.at,
    atOnce: false,
  })
}

function decideLive(decision: Decision, seen: RunObservation, plan: TrainingPlan, rules: Rules): void {
  const sight = look(decision.run, seen)
  if (!sight) return
  observeAttempt(decision, sight)
  reportSync(decision, sight, seen)
  const ending = endingOf(sight, seen, plan, rules, decision)
  if (ending?.outcome === 'SUCCEEDED') {
    if (!sight.said?.done) decision.tell('disagreement', 'EndWithoutDone', ending.message)
    end(decision, seen, plan, ending)
  } else if (seen.ledger?.status === 'cancelling') cancel(decision, sight, seen, rules)
  else if (ending) failed(decision, seen, plan, rules, ending)
  else goOn(decision, sight, seen, plan, rules)
}

function observeAttempt(decision: Decision, sight: Sight): void {
  const { attempt } = sight
  const checkpointUri = sight.said?.checkpointUri ?? attempt.checkpointUri
  const startedAt = attempt.startedAt ?? trainerStart(sight)
  const inJob = disruptions(decision, sight)
  if (
    checkpointUri !== attempt.checkpointUri ||
    startedAt?.getTime() !== attempt.startedAt?.getTime() ||
    inJob > attempt.disruptions
  ) {
    const more = Math.max(0, inJob - attempt.disruptions)
    decision.setAttempt(attempt.attempt, { checkpointUri, startedAt, disruptions: attempt.disruptions + more })
    if (more > 0) {
      decision.set({ disruptionCount: decision.run.disruptionCount + more })
      decision.tell(
        'disruption',
        'Disrupted',
        `the cluster took its pod away; the Job starts another (${inJob} so far)`,
      )
    }
  }
  const progress = progressOf(decision.run, sight)
  if (progress) decision.set({ progress })
}

function goOn(decision: Decision, sight: Sight, seen: RunObservation, plan: TrainingPlan, rules: Rules): void {
  const { run } = decision
  const waitingForRetry =
    run.nextAttemptAt !== null && !(seen.ledger?.attempts.some((one) => one.attempt === run.attempt) ?? false)
  if (waitingForRetry) {
    askForRetry(decision, seen)
    return
  }
  leaseFor(decision, sight, seen, plan, rules)
  const now = situation(sight, seen, plan)
  const finishing = sight.said?.done
    ? { reason: 'Finishing', message: 'the trainer has reported its end; its process has not ended yet' }
    : {}
  if (sight.ended && sight.livePods.length === 0) {
    decision.set({
      reason: 'Finishing',
      message: 'its Job has ended; what its trainer said of it may still be on its way',
    })
    return
  }
  if (isVanishing(sight) && now.reason !== 'Orphaned') {
    // What trained does not wait for anything: it is not known where it stands.
    const state = sight.attempt.startedAt === null ? run.state : 'RUNNING'
    decision.set({ state, reason: 'Unobserved', message: 'its Job is not there; other evidence is waited for' })
    return
  }
  const stalled = now.state === 'RUNNING' ? stallOf(decision, sight, seen, plan, rules) : undefined
  if (stalled !== undefined && plan.stall.end) {
    const over = { failureClass: 'STALLED', message: stalled, at: seen.at, atOnce: true } as const
    failed(decision, seen, plan, rules, { outcome: 'FAILED', ...over })
    return
  }
  decision.setAttempt(run.attempt, { state: now.state })
  decision.set({
    ...now,
    ...finishing,
    verdict: stalled === undefined ? null : 'STALLED',
    nextAttemptAt: null,
    queuedAt: run.queuedAt ?? sight.job?.createdAt ?? null,
    startedAt: run.startedAt ?? trainerStart(sight),
  })
}

/** The attempt has had its Job, which is gone, or is going and has no pods any more. */
function isVanishing({ job, attempt, livePods }: Sight): boolean {
  if (attempt.jobUid === null) return false
  return !job || (job.deletionRequestedAt !== null && livePods.length === 0)
}

function askForRetry(decision: Decision, seen: RunObservation): void {
  const { run } = decision
  const newest = seen.ledger?.attempts.at(-1)
  if (seen.ledger?.status !== 'active' || !newest || run.nextAttemptAt === null || seen.at < run.nextAttemptAt) return
  const previous = run.attempts.filter((one) => one.attempt < run.attempt).at(-1)
  decision.ask(
    operate(decision, {
      kind: 'retry',
      key: { environment: run.environment, project: run.project, name: run.name },
      runId: run.id,
      expectAttempt: newest.attempt,
      attempt: run.attempt,
      failureClass: previous?.failureClass ?? 'APP_EXIT',
      checkpointUri: previous?.checkpointUri ?? null,
    }),
  )
}

function cancel(decision: Decision, sight: Sight, seen: RunObservation, rules: Rules): void {
  // Where no cluster is connected, pods that nobody sees are not gone: this process may have been told to leave that cluster alone.
  if (seen.cluster !== 'connected') {
    decision.set({ reason: 'CANCELLING', message: 'its manifest is gone; no cluster is connected to see its pods go' })
    return
  }
  const lost = sight.pods.filter(isOutOfReach)
  const waits = seen.jobs.some((job) => {
    // One that was told to go makes no further pod. Once its pods are gone, whatever else holds it holds nothing up.
    const hangs = (job.deletionRequestedAt !== null && lost.length > 0) || isDeletionOverdue(job, seen.at, rules)
    return job.attempt === sight.attempt.attempt && !sight.ended && !hangs
  })
  if (sight.livePods.length > 0 || waits) {
    const [hanging] = hangingOf(decision.run)
    decision.set({ reason: 'CANCELLING', message: hanging?.message ?? 'its manifest is gone; its pods are not yet' })
    return
  }
  for (const pod of lost) decision.tell('cancel', 'PodOutOfReach', `pod ${pod.name} counts as ended: ${pod.message}`)
  decision.setAttempt(sight.attempt.attempt, { state: 'CANCELLED', failureClass: 'CANCELLED', endedAt: seen.at })
  const superseded = seen.ledger?.supersededBy
  const message = superseded
    ? `superseded by run ${superseded}`
    : seen.ledger?.cancelReason === 'SPEC_REMOVED'
      ? 'its spec was removed'
      : 'cancelled on request'
  decision.set({
    state: 'CANCELLED',
    reason: seen.ledger?.cancelReason ?? 'REQUESTED',
    message,
    completedAt: seen.at,
    verdict: null,
    nextAttemptAt: null,
  })
}

function failed(decision: Decision, seen: RunObservation, plan: TrainingPlan, rules: Rules, ending: Ending): void {
  const { run } = decision
  const failureClass = ending.failureClass ?? 'APP_EXIT'
  decision.setAttempt(run.attempt, { state: 'FAILED', failureClass, endedAt: ending.at })
  decision.tell('attempt', 'AttemptFailed', `attempt ${run.attempt} failed (${failureClass}): ${ending.message}`, {
    failureClass,
  })
  if (ending.atOnce) decision.since(`retire at once ${run.attempt}`)
  const infrastructure = infrastructureFailures.includes(failureClass) && failureClass !== 'LOST'
  const retries = infrastructure
    ? run.disruptionCount < plan.retry.maxDisruptions
    : plan.retry.on.includes(failureClass) && run.retryCount < plan.retry.maxRetries
  if (!retries || seen.ledger?.status === 'ended') {
    end(decision, seen, plan, ending)
    return
  }
  const highest = Math.max(
    run.attempt,
    ...run.attempts.map((one) => one.attempt),
    ...(seen.ledger?.attempts.map((one) => one.attempt) ?? []),
  )
  const next = highest + 1
  const backoff = infrastructure
    ? 0
    : Math.min(rules.backoffSecondsMax, plan.retry.backoffSeconds * 2 ** run.retryCount)
  const nextAttemptAt = secondsAfter(seen.at, backoff)
  const name = `${plan.name}-${plan.shortDigest}-${next}`
  const checkpointUri = run.attempts.find((one) => one.attempt === run.attempt)?.checkpointUri ?? null
  decision.set({
    state: 'PENDING',
    reason: 'Backoff',
    message: `attempt ${next} follows after ${failureClass}`,
    verdict: null,
    attempt: next,
    attempts: [...decision.run.attempts, newAttempt(next, name, checkpointUri)],
    retryCount: run.retryCount + (infrastructure ? 0 : 1),
    disruptionCount: run.disruptionCount + (infrastructure ? 1 : 0),
    nextAttemptAt,
  })
  askForRetry(decision, seen)
}

function end(decision: Decision, seen: RunObservation, plan: TrainingPlan, ending: Ending): void {
  const { run } = decision
  decision.setAttempt(run.attempt, { state: ending.outcome, failureClass: ending.failureClass, endedAt: ending.at })
  if (ending.atOnce) decision.since(`retire at once ${run.attempt}`)
  const done = seen.said.find((one) => one.attempt === run.attempt)?.done
  decision.set({
    state: ending.outcome,
    reason: ending.failureClass ?? '',
    message: ending.message,
    verdict: null,
    completedAt: ending.at,
    nextAttemptAt: null,
    finalMetrics: done && Object.keys(done.metrics).length > 0 ? done.metrics : run.finalMetrics,
    trackerRunId: done?.trackerRunId ?? run.trackerRunId,
  })
  if (ending.outcome === 'SUCCEEDED') registration(decision, plan, done ?? null)
}
