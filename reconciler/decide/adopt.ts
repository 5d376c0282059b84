import { paths } from '../../domain/ledger.ts'
import type { RunObservation } from '../../domain/observation.ts'
import { type Attempt, infrastructureFailures, isTerminal } from '../../domain/run.ts'
import type { Decision } from './decision.ts'

/*
 * What the ledger knows and the record does not, because a database was restored from an older backup: attempts that followed, how those before
 * them failed, the outcome. A record that is ahead of the ledger is the usual case, and nothing is taken from it then.
 */

export function adoptLedger(decision: Decision, seen: RunObservation): void {
  adoptAttempts(decision, seen)
  adoptOutcome(decision, seen)
}

function adoptAttempts(decision: Decision, seen: RunObservation): void {
  const known = new Set(decision.run.attempts.map(({ attempt }) => attempt))
  const unknown = (seen.ledger?.attempts ?? []).filter(({ attempt }) => !known.has(attempt))
  for (const { attempt, jobName, checkpointUri } of unknown) {
    decision.set({ attempts: [...decision.run.attempts, newAttempt(attempt, jobName, checkpointUri)] })
    if (attempt > decision.run.attempt) decision.set({ attempt, nextAttemptAt: null })
  }
  if (unknown.length === 0) return
  const { attempts, attempt: current, retryCount, disruptionCount } = decision.run
  let [retries, disruptions] = [retryCount, disruptionCount]
  for (const { attempt, endedAt } of attempts.filter((one) => one.attempt < current && one.endedAt === null)) {
    const failureClass = seen.ledger?.attempts.find((one) => one.attempt === attempt)?.failureClass ?? null
    decision.setAttempt(attempt, { state: 'FAILED', failureClass, endedAt: endedAt ?? seen.at })
    if (failureClass !== null && infrastructureFailures.includes(failureClass)) disruptions += 1
    else retries += 1
  }
  decision.set({ retryCount: retries, disruptionCount: disruptions })
}

/** An outcome that stands in the ledger was once decided from evidence that is gone now: it is not decided anew. */
function adoptOutcome(decision: Decision, { ledger, drifted, at }: RunObservation): void {
  const { run } = decision
  if (!ledger?.outcome || isTerminal(run.state)) return
  // An outcome that a person wrote there is none.
  if (drifted.some(({ path }) => path === paths.runLedger(run))) return
  const failureClass = ledger.attempts.find(({ attempt }) => attempt === run.attempt)?.failureClass ?? null
  decision.setAttempt(run.attempt, { state: ledger.outcome, failureClass, endedAt: at })
  decision.set({
    state: ledger.outcome,
    reason: failureClass ?? 'FromLedger',
    message: 'known from the ledger alone: when it ended and what it reported is not in the records',
    verdict: null,
    completedAt: at,
    nextAttemptAt: null,
  })
  decision.tell(
    'restored',
    'OutcomeFromLedger',
    `the ledger has its outcome, ${ledger.outcome}; the records had lost it`,
  )
}

export function newAttempt(attempt: number, jobName: string, checkpointUri: string | null): Attempt {
  return {
    attempt,
    jobName,
    jobUid: null,
    appliedRevision: null,
    pods: [],
    state: 'PENDING',
    failureClass: null,
    leaseGrantedAt: null,
    startedAt: null,
    endedAt: null,
    disruptions: 0,
    checkpointUri,
    evidence: null,
    retiredAt: null,
  }
}
