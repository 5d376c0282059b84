import type { RunObservation, SeenJob } from '../../domain/observation.ts'
import type { Decision } from '../decide/decision.ts'
import { conditionOf } from '../decide/sight.ts'

/**
 * After the records were lost nobody remembers which Job an attempt had that has ended since: the one that has its lease is its own, or, where
 * nobody has it, the only one that ended.
 */
export function rememberJobs(decision: Decision, seen: RunObservation): void {
  for (const { attempt, jobUid, endedAt, retiredAt } of decision.run.attempts) {
    if (jobUid !== null || endedAt === null || retiredAt !== null) continue
    const lease = seen.leases.find((one) => one.attempt === attempt)
    const [own, ...others] = seen.jobs.filter(
      (job) => job.attempt === attempt && (lease ? lease.jobUid === job.uid : hasEnded(job)),
    )
    if (own && others.length === 0) decision.setAttempt(attempt, { jobUid: own.uid })
  }
}

function hasEnded({ conditions }: SeenJob): boolean {
  return ['Complete', 'Failed'].some((type) => conditionOf(conditions, type) !== undefined)
}
