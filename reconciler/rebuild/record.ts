import type { RunEvent } from '../../domain/action.ts'
import { traceId } from '../../domain/names.ts'
import { type Attempt, infrastructureFailures, type Run } from '../../domain/run.ts'
import { newAttempt } from '../decide/adopt.ts'
import type { FoldedAttempt, FoldedRun, Moment } from './fold-runs.ts'

/** Why a record says no more than it does, where the ledger is all that is left of what happened. */
export const fromLedger = 'FromLedger'

/**
 * The record of a run that only the history of the ledger still knows. Times are those of commits: an attempt had ended when the next one was
 * committed or the outcome was, at the latest. What no commit says is null.
 * @param finalMetrics those of the model version that it registered; null where it registered none
 */
export function recordOfFolded(run: FoldedRun, finalMetrics: Run['finalMetrics']): Run {
  const { id, environment, project, name, digest, outcome, source } = run
  const attempts = run.attempts.map((one, index) => attemptOf(run, one, run.attempts[index + 1]))
  const failed = run.attempts.slice(0, -1).map(({ failureClass }) => failureClass)
  const disruptions = failed.filter(isDisruption).length
  return {
    ...{ id, traceId: traceId(id), environment, project, name, digest },
    state: outcome ?? 'PENDING',
    reason: outcome === null ? 'Committed' : fromLedger,
    message: outcome === null ? '' : messageOf(run),
    verdict: null,
    attempt: Math.max(1, ...run.attempts.map(({ attempt }) => attempt)),
    attempts,
    retryCount: failed.length - disruptions,
    disruptionCount: disruptions,
    specPath: source.path,
    specLine: source.line,
    sourceRepository: source.repository,
    sourceCommit: source.commit,
    sourceDirty: source.dirty,
    progress: null,
    finalMetrics: finalMetrics && Object.keys(finalMetrics).length > 0 ? finalMetrics : null,
    trackerRunId: null,
    createdAt: run.created.at,
    queuedAt: null,
    startedAt: null,
    completedAt: run.concluded && laterOf(run.created.at, run.concluded.at),
    nextAttemptAt: null,
    waitingSince: {},
    version: 0,
  }
}

/** What is told of a run when its record is made: the commits that say what is known, and what nobody can say any more. */
export function eventOfFolded(run: FoldedRun): RunEvent {
  const { created, concluded, cancelled, attempts } = run
  const unknown = unknownOf(run)
  return {
    type: 'created',
    reason: fromLedger,
    message: `rebuilt from the history of the deploy repository, ${commitsOf(run)}; not known from there: ${unknown.join(', ')}`,
    attempt: attempts.at(-1)?.attempt ?? 1,
    details: {
      created: plain(created),
      cancelled: plain(cancelled),
      concluded: plain(concluded),
      attempts: attempts.map(({ attempt, committed, retired }) => ({
        attempt,
        committed: plain(committed),
        retired: plain(retired),
      })),
      unknown,
    },
  }
}

/**
 * Whether an attempt failed and no commit says why: the ledger learns it with the next attempt or the end of the run, or, where an
 * older version wrote that, with the retirement.
 */
export function lacksFailureClass(run: FoldedRun): boolean {
  const [last] = run.attempts.slice(-1)
  return run.outcome === 'FAILED' && last !== undefined && last.failureClass === null
}

function attemptOf(run: FoldedRun, folded: FoldedAttempt, next: FoldedAttempt | undefined): Attempt {
  const { attempt, jobName, committed, retired } = folded
  const ended = next ? next.committed : run.concluded
  const endedAt = ended && laterOf(committed.at, ended.at)
  return {
    // The next attempt was given the newest checkpoint of this one.
    ...newAttempt(attempt, jobName, next?.checkpointUri ?? folded.checkpointUri),
    state: next ? 'FAILED' : (run.outcome ?? 'PENDING'),
    failureClass:
      next || run.outcome === 'FAILED' ? folded.failureClass : run.outcome === 'CANCELLED' ? 'CANCELLED' : null,
    endedAt,
    retiredAt: retiredAt(run, retired, endedAt),
  }
}

/** A cancelled run's manifests leave before its pods do: it is retired when it has ended. */
function retiredAt(run: FoldedRun, retired: Moment | null, endedAt: Date | null): Date | null {
  if (retired === null) return null
  if (retired.commit === run.cancelled?.commit && run.outcome === null) return null
  return endedAt ? laterOf(endedAt, retired.at) : retired.at
}

function messageOf(run: FoldedRun): string {
  const told = `known from the history of the deploy repository, ${commitsOf(run)}; not known from there: ${unknownOf(run).join(', ')}`
  if (run.outcome !== 'CANCELLED') return told
  if (run.supersededBy !== null) return `superseded by run ${run.supersededBy}; ${told}`
  return `${run.cancelReason === 'SPEC_REMOVED' ? 'its spec was removed' : 'cancelled on request'}; ${told}`
}

function unknownOf(run: FoldedRun): readonly string[] {
  return [
    'Job and pods',
    'when it started',
    ...(run.outcome === null && run.attempts.length <= 1
      ? []
      : ['when exactly it ended', 'what it reported', 'evidence of its end']),
    ...(lacksFailureClass(run) ? ['why its last attempt failed'] : []),
  ]
}

function commitsOf({ created, concluded }: FoldedRun): string {
  const [first, last] = [created, concluded].map((moment) => moment?.commit.slice(0, 10))
  return last === undefined || last === first ? `commit ${first}` : `commits ${first} to ${last}`
}

function isDisruption(failureClass: FoldedAttempt['failureClass']): boolean {
  return failureClass !== null && failureClass !== 'LOST' && infrastructureFailures.includes(failureClass)
}

/** Clocks of those who commit may differ; nothing ends before it began. */
function laterOf(one: Date, other: Date): Date {
  return other < one ? one : other
}

function plain(moment: Moment | null): { readonly commit: string; readonly at: string } | null {
  return moment && { commit: moment.commit, at: moment.at.toISOString() }
}
