import { keyText } from '../../domain/names.ts'
import type { RunObservation } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { isTerminal } from '../../domain/run.ts'
import type { Decision } from './decision.ts'
import { secondsBetween } from './rules.ts'

/**
 * What is left to do for attempts that have ended: their manifests leave after their time to live and never before their evidence is recorded,
 * then their leases; the outcome of a run goes into the ledger.
 */
export function tidyUp(decision: Decision, seen: RunObservation, plan: TrainingPlan): void {
  const { run } = decision
  const key = { environment: run.environment, project: run.project, name: run.name }
  const { ledger } = seen
  if (!ledger) return
  const outcome = isTerminal(run.state) ? run.state : null
  // At once, not with the retirement: who changes the spec of a run that has ended must be told that it ended, not that it is cancelled.
  if (outcome !== null && ledger.outcome !== outcome) {
    const failureClass = run.attempts.find(({ attempt }) => attempt === run.attempt)?.failureClass ?? null
    const last = { attempt: run.attempt, failureClass }
    decision.ask(operate(decision, { kind: 'conclude', key, runId: run.id, outcome, last }))
  }
  const due = run.attempts.filter((attempt) => {
    const inLedger = ledger.attempts.find((one) => one.attempt === attempt.attempt)
    if (!inLedger || inLedger.retired || attempt.endedAt === null || attempt.evidence === null) return false
    if (attempt.attempt === run.attempt && outcome === null) return false
    const atOnce = run.waitingSince[`retire at once ${attempt.attempt}`] !== undefined
    return atOnce || secondsBetween(attempt.endedAt, seen.at) >= plan.ttlSecondsAfterFinished
  })
  const whole = outcome !== null && due.some((attempt) => attempt.attempt === run.attempt)
  if (ledger.status !== 'cancelling' && due.length > 0) {
    const attempts = due.map(({ attempt, failureClass }) => ({ attempt, failureClass }))
    decision.ask(operate(decision, { kind: 'retire', key, runId: run.id, attempts, outcome: whole ? outcome : null }))
  }
  for (const inLedger of ledger.attempts.filter((one) => one.retired))
    retireLease(decision, seen, plan, inLedger.attempt)
}

/** Once the manifest of an attempt is gone from the ledger and its Job from the cluster, nothing may start it again: the lease goes too. */
function retireLease(decision: Decision, seen: RunObservation, plan: TrainingPlan, number: number): void {
  const { run } = decision
  const attempt = run.attempts.find((one) => one.attempt === number)
  const finished = attempt && (attempt.attempt < run.attempt || isTerminal(run.state))
  if (!attempt || !finished || seen.cluster !== 'connected' || seen.jobs.some((job) => job.attempt === number)) return
  const lease = seen.leases.find((one) => one.attempt === number)
  if (lease) {
    const { environment, id: runId } = run
    decision.ask({
      kind: 'remove-lease',
      environment,
      namespace: plan.namespace,
      runId,
      attempt: number,
      jobUid: lease.jobUid,
    })
    return
  }
  if (attempt.retiredAt === null) {
    decision.setAttempt(number, { retiredAt: seen.at })
    decision.tell(
      'retired',
      'AttemptRetired',
      `attempt ${number} of ${keyText(run)} is retired: its Job and lease are gone`,
    )
  }
}

export function operate(
  decision: Decision,
  operation: Extract<Parameters<Decision['ask']>[0], { kind: 'operate' }>['operation'],
) {
  return { kind: 'operate' as const, environment: decision.run.environment, runId: decision.run.id, operation }
}
