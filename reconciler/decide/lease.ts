import type { RunObservation } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Decision } from './decision.ts'
import { type Rules, secondsBetween } from './rules.ts'
import type { Sight } from './sight.ts'
import { earlierPods } from './waiting.ts'

/**
 * Grants the lease of the current attempt once, to the first Job that is seen, when nothing of the run or of its name still lives; a lease that
 * vanished is granted again to the same Job alone. Renews its token in time.
 */
export function leaseFor(
  decision: Decision,
  sight: Sight,
  seen: RunObservation,
  plan: TrainingPlan,
  rules: Rules,
): void {
  const { run } = decision
  const { job, attempt } = sight
  if (!job || seen.ledger?.status !== 'active') return
  const lease = seen.leases.find((one) => one.attempt === attempt.attempt)
  const action = {
    environment: run.environment,
    namespace: plan.namespace,
    runId: run.id,
    attempt: attempt.attempt,
    jobUid: job.uid,
  }
  if (lease) {
    if (attempt.jobUid === null && lease.jobUid === job.uid) decision.setAttempt(attempt.attempt, { jobUid: job.uid })
    if (lease.jobUid === job.uid && secondsBetween(seen.at, lease.tokenExpiresAt) < rules.tokenRenewSeconds) {
      decision.ask({ kind: 'rotate-token', ...action })
    }
    return
  }
  if (sight.ended || !seen.recordCaughtUp || seen.otherPodsOfName.length > 0 || earlierPods(sight, seen).length > 0)
    return
  if (attempt.jobUid !== null && attempt.jobUid !== job.uid) return
  // The Job that is made in its place is the one that may train.
  if (attempt.jobUid === null && job.deletionRequestedAt !== null) return
  if (attempt.jobUid === null) {
    decision.setAttempt(attempt.attempt, { jobUid: job.uid, leaseGrantedAt: seen.at })
    decision.tell(
      'lease',
      'LeaseGranted',
      `the lease of attempt ${attempt.attempt} was granted to Job ${job.name} (${job.uid})`,
    )
  }
  decision.ask({ kind: 'grant-lease', ...action })
}
