import type { CancelReason, LedgerAttempt, LedgerRun, RunLedger } from '../../domain/ledger.ts'
import type { RunKey } from '../../domain/names.ts'
import type { SpecSource, TrainingPlan } from '../../domain/plan.ts'
import { type FailureClass, type RunOutcome, runStateMayFollow } from '../../domain/run.ts'

/** A commit of ours by which something was so. */
export interface Moment {
  readonly commit: string
  readonly at: Date
}

/** What the history of the ledger says of one run. */
export interface FoldedRun extends RunKey {
  readonly id: string
  readonly digest: string
  readonly source: SpecSource
  /** As it was while the ledger kept it; null where no commit of ours ever had it. */
  readonly plan: TrainingPlan | null
  readonly created: Moment
  readonly status: LedgerRun['status']
  readonly outcome: RunOutcome | null
  /** The commit that wrote the outcome, or the one that corrected it. */
  readonly concluded: Moment | null
  /** The commit that took its manifests away before it ended. */
  readonly cancelled: Moment | null
  readonly cancelReason: CancelReason | null
  readonly supersededBy: string | null
  /** Oldest first. */
  readonly attempts: readonly FoldedAttempt[]
}

export interface FoldedAttempt {
  readonly attempt: number
  readonly jobName: string
  readonly failureClass: FailureClass | null
  /** What `CHECKPOINT_URI` of this attempt says. */
  readonly checkpointUri: string | null
  /** The commit that published its manifest. */
  readonly committed: Moment
  /** The commit that took its manifest away. */
  readonly retired: Moment | null
}

export interface RunFold {
  /**
   * Takes the next state of one name's file, null where it was removed.
   * @returns runs that this dropped from the ledger: nothing more will be said of them
   */
  take(path: string, entry: RunLedger | null, moment: Moment): readonly FoldedRun[]
  /** The runs that the ledger still has, oldest first. */
  rest(): readonly FoldedRun[]
}

/**
 * Folds the history of the ledger into runs: every one that ever was, also those that the ledger dropped since. What was known once stays
 * known: an attempt that is gone was there, a plan that was compacted away is the plan, an outcome is not taken back. So a commit that brings
 * an old state of a file back starts nothing. Holds what the ledger has at one moment.
 */
export function foldRuns(): RunFold {
  const files = new Map<string, ReadonlyMap<string, FoldedRun>>()
  return {
    take: (path, entry, moment) => {
      const before = files.get(path) ?? new Map<string, FoldedRun>()
      const after = new Map<string, FoldedRun>()
      // The ledger has the newest first; those that one commit began keep their order.
      for (const run of [...(entry?.runs ?? [])].reverse())
        after.set(run.id, foldRun(before.get(run.id), entry as RunLedger, run, moment))
      if (after.size === 0) files.delete(path)
      else files.set(path, after)
      return [...before.values()].filter(({ id }) => !after.has(id))
    },
    rest: () =>
      [...files.values()]
        .flatMap((runs) => [...runs.values()])
        .sort((one, other) => one.created.at.getTime() - other.created.at.getTime()),
  }
}

/** What is known of a run after one more commit. */
function foldRun(before: FoldedRun | undefined, key: RunKey, run: LedgerRun, moment: Moment): FoldedRun {
  const outcome = laterOutcome(before?.outcome ?? null, run.outcome)
  const isOver = before?.status === 'ended' || run.status === 'ended'
  const status = isOver ? 'ended' : before?.status === 'cancelling' ? 'cancelling' : run.status
  return {
    environment: key.environment,
    project: key.project,
    name: key.name,
    id: run.id,
    digest: run.digest,
    source: before?.source ?? run.source,
    plan: run.plan ?? before?.plan ?? null,
    created: before?.created ?? moment,
    status,
    outcome,
    concluded: outcome === (before?.outcome ?? null) ? (before?.concluded ?? null) : moment,
    cancelled: before?.cancelled ?? (run.status === 'cancelling' ? moment : null),
    cancelReason: before?.cancelReason ?? run.cancelReason,
    supersededBy: before?.supersededBy ?? run.supersededBy,
    attempts: foldAttempts(before?.attempts ?? [], run.attempts, moment),
  }
}

/** Terminal states never change, but for late evidence of an attempt that was lost. */
function laterOutcome(before: RunOutcome | null, now: RunOutcome | null): RunOutcome | null {
  if (before === null || now === null) return before ?? now
  return runStateMayFollow[before].includes(now) ? now : before
}

function foldAttempts(
  before: readonly FoldedAttempt[],
  now: readonly LedgerAttempt[],
  moment: Moment,
): readonly FoldedAttempt[] {
  const attempts = new Map(before.map((one) => [one.attempt, one]))
  for (const { attempt, jobName, failureClass, retired, checkpointUri } of now) {
    const known = attempts.get(attempt)
    attempts.set(attempt, {
      attempt,
      jobName: known?.jobName ?? jobName,
      failureClass: failureClass ?? known?.failureClass ?? null,
      checkpointUri: known?.checkpointUri ?? checkpointUri,
      committed: known?.committed ?? moment,
      retired: known?.retired ?? (retired ? moment : null),
    })
  }
  return [...attempts.values()].sort((one, other) => one.attempt - other.attempt)
}
