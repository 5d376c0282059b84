import { isTerminal, type Run } from '../domain/run.ts'
import { conditionOf } from './decide/sight.ts'
import { type Look, seenOfRun } from './look.ts'

/**
 * Whether a run goes on by what is known of the ledger: it runs, or its lease was granted and its Job is there and neither ended nor about to go.
 * For every other one the ledger is read anew: whether it may begin, and why its Job is not there, stands in the newest commit.
 */
export function goesOnAsKnown(run: Run, look: Look): boolean {
  if (run.state === 'RUNNING') return true
  if (isTerminal(run.state) || run.state === 'PENDING') return false
  const attempt = run.attempts.find((one) => one.attempt === run.attempt)
  if (!attempt || attempt.leaseGrantedAt === null) return false
  const job = seenOfRun(look.view(run.environment), run.id).jobs.find(({ uid }) => uid === attempt.jobUid)
  if (!job || job.deletionRequestedAt !== null) return false
  return !['Complete', 'Failed'].some((type) => conditionOf(job.conditions, type) !== undefined)
}
