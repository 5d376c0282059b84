import type { Attempt } from '../../domain/run.ts'
import { type ClosingStatus, trackerTags } from '../../domain/tracker.ts'
import type { SeenTrackerRun } from '../sources/tracker.ts'

/** Which run of a tracker is an attempt's. */
export interface Choice {
  readonly run: SeenTrackerRun
  readonly foundBy: 'done' | 'tag'
}

/**
 * What the trainer named counts first. Else the newest that carries the attempt's tags and is not inside another: when the cluster takes a pod
 * away, the next one of the same attempt begins a run of its own. Else the run of an earlier attempt that this one went on with, as trainers
 * do that resume.
 * @param tagged all that carry the run's tags, oldest first
 */
export function choose(
  named: SeenTrackerRun | undefined,
  tagged: readonly SeenTrackerRun[],
  attempt: Pick<Attempt, 'attempt' | 'startedAt'>,
): Choice | undefined {
  if (named) return { run: named, foundBy: 'done' }
  const own = tagged.filter((run) => attemptOf(run) === attempt.attempt)
  const run = own.findLast(isOutermost) ?? own.at(-1) ?? tagged.findLast((one) => isResumed(one, attempt))
  return run && { run, foundBy: 'tag' }
}

/** The attempt that a run's tags name; 0 when they name none. */
export function attemptOf(run: SeenTrackerRun): number {
  const number = Number(run.tags[trackerTags.attempt])
  return Number.isSafeInteger(number) && number > 0 ? number : 0
}

export function isOpen(run: SeenTrackerRun): boolean {
  return run.status === 'RUNNING' || run.status === 'SCHEDULED'
}

function isOutermost(run: SeenTrackerRun): boolean {
  return run.parentId === null
}

function isResumed(run: SeenTrackerRun, { attempt, startedAt }: Pick<Attempt, 'attempt' | 'startedAt'>): boolean {
  if (!isOutermost(run) || attemptOf(run) >= attempt || startedAt === null) return false
  return isOpen(run) || (run.endedAt !== null && run.endedAt >= startedAt)
}

/**
 * The runs that are to get this status: those that nobody writes to any more although they are open, of this attempt and the ones before it,
 * and those that we closed otherwise before the last attempt turned out to have ended like this. None while a later attempt lives that may
 * have gone on with one of them; its own end closes what is then still open.
 */
export function toBeClosed(
  choice: Choice,
  tagged: readonly SeenTrackerRun[],
  attempt: number,
  attempts: readonly Attempt[],
  status: ClosingStatus,
): readonly SeenTrackerRun[] {
  const later = attempts.filter((one) => one.attempt > attempt && one.startedAt !== null && one.endedAt === null)
  if (later.some((one) => !tagged.some((run) => attemptOf(run) === one.attempt))) return []
  const others = tagged.filter((run) => run.id !== choice.run.id && attemptOf(run) > 0 && attemptOf(run) <= attempt)
  const isLast = attempts.every((one) => one.attempt <= attempt)
  const isWrong = (run: SeenTrackerRun): boolean =>
    isLast && attemptOf(run) === attempt && run.tags[trackerTags.closedAs] === run.status && run.status !== status
  return [choice.run, ...others].filter((run) => isOpen(run) || isWrong(run))
}
