import type { RunObservation } from '../../domain/observation.ts'
import type { Decision } from './decision.ts'
import type { Sight } from './sight.ts'

/* What others do on the way from a commit to a Job: people in the deploy repository, and what applies it. */

/** Somebody else changed files of this run: told once for each commit. They stay as they are until that is settled. */
export function reportDrift(decision: Decision, seen: RunObservation): void {
  for (const commit of new Set(seen.drifted.map((one) => one.commit))) {
    const key = `drift ${commit}`
    if (decision.run.waitingSince[key] !== undefined) continue
    decision.since(key)
    const changed = seen.drifted.filter((one) => one.commit === commit)
    const files = changed.map(({ path }) => path).join(', ')
    decision.tell(
      'drift',
      'ChangedByHand',
      `${changed[0]?.author ?? 'somebody'} changed ${files} of the deploy repository in commit ${commit.slice(0, 10)}; nothing of it is overwritten until that is adopted or discarded`,
      { commit },
    )
  }
}

/** What could not be applied is told once, in the words of what applies it; again when it could in between. */
export function reportSync(decision: Decision, sight: Sight, { application }: RunObservation): void {
  const key = 'sync failed'
  if (sight.job || sight.attempt.jobUid !== null || application?.syncFailed !== true) {
    decision.forget(key)
    return
  }
  if (decision.run.waitingSince[key] !== undefined) return
  decision.since(key)
  decision.tell('sync', 'SyncFailed', `${application.name}: ${application.message}`)
}
