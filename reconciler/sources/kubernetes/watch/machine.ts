import { type Backoff, backoffMilliseconds } from './backoff.ts'

/*
 * What a watch does next, decided from what happened, without a connection or a clock.
 *
 * | happened                                   | next                                                                        |
 * |--------------------------------------------|-----------------------------------------------------------------------------|
 * | listed                                     | watch from the list's resourceVersion                                       |
 * | ended: the server closed at its own time   | watch on from the newest resourceVersion; list when a full one is due       |
 * | ended at once and empty                    | as a failure: else a server that does so would be asked without a pause     |
 * | gone (410)                                 | list; after a pause when it happens again before a watch has told anything  |
 * | silent                                     | watch on over a new connection at once; then as a failure                   |
 * | failed                                     | the same again after a pause; a list when a watch failed three times in a row |
 * | refused (401, 403, 404)                    | list after a pause, a long one when it goes on: an API server that has just |
 * |                                            | started refuses for a moment what it allows                                 |
 * | absent: the kind is not installed          | list after a long pause                                                     |
 */

export interface WatchTimes {
  /** A full list is the truth; it is read again after so long. */
  readonly relistMilliseconds: number
  readonly backoff: Backoff
  /** What is refused or not there again and again is asked for no more often. */
  readonly refusedMilliseconds: number
  /** A watch that ends sooner and told nothing has failed. */
  readonly shortestMilliseconds: number
}

export type Happened =
  | { readonly kind: 'listed'; readonly resourceVersion: string }
  | { readonly kind: 'told'; readonly resourceVersion: string }
  | { readonly kind: 'ended'; readonly lastedMilliseconds: number; readonly empty: boolean }
  | { readonly kind: 'gone' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'failed'; readonly retryAfterSeconds: number | null }
  | { readonly kind: 'refused' }
  | { readonly kind: 'absent' }

export interface WatchState {
  readonly step: 'list' | 'watch'
  /** Before the step is taken. */
  readonly waitMilliseconds: number
  /** What is known up to where; null before the first list. */
  readonly resourceVersion: string | null
  /** In a row, since a watch told something or ended well: a list alone proves no watch. */
  readonly failures: number
  /** Milliseconds on the caller's clock; the next full list is due then. */
  readonly relistAt: number
}

const failuresUntilList = 3

export const beginning: WatchState = Object.freeze({
  step: 'list',
  waitMilliseconds: 0,
  resourceVersion: null,
  failures: 0,
  relistAt: 0,
})

/**
 * @param now milliseconds on a clock that never goes back
 * @param random from 0 (included) to 1
 */
export function next(
  state: WatchState,
  happened: Happened,
  times: WatchTimes,
  now: number,
  random: number,
): WatchState {
  switch (happened.kind) {
    case 'listed': {
      const relistAt = now + times.relistMilliseconds * (0.9 + random / 5)
      return {
        step: 'watch',
        waitMilliseconds: 0,
        resourceVersion: happened.resourceVersion,
        relistAt,
        failures: state.failures,
      }
    }
    case 'told':
      return { ...state, resourceVersion: happened.resourceVersion, failures: 0 }
    case 'ended':
      if (happened.empty && happened.lastedMilliseconds < times.shortestMilliseconds)
        return failed(state, times, random, null)
      return { ...state, step: now >= state.relistAt ? 'list' : 'watch', waitMilliseconds: 0, failures: 0 }
    case 'gone':
      if (state.step === 'list' || state.failures > 0) return { ...failed(state, times, random, null), step: 'list' }
      return { ...state, step: 'list', waitMilliseconds: 0, failures: 1 }
    case 'silent':
      if (state.step === 'list' || state.failures > 0) return failed(state, times, random, null)
      return { ...state, waitMilliseconds: 0, failures: 1 }
    case 'failed':
      return failed(state, times, random, happened.retryAfterSeconds)
    case 'absent': {
      const waitMilliseconds = times.refusedMilliseconds * (0.5 + random / 2)
      return { ...state, step: 'list', waitMilliseconds, failures: 0 }
    }
    case 'refused': {
      const { leastMilliseconds } = times.backoff
      return {
        ...failed(
          state,
          { ...times, backoff: { leastMilliseconds, mostMilliseconds: times.refusedMilliseconds } },
          random,
          null,
        ),
        step: 'list',
      }
    }
  }
}

function failed(state: WatchState, times: WatchTimes, random: number, retryAfterSeconds: number | null): WatchState {
  const failures = state.failures + 1
  const own = backoffMilliseconds(times.backoff, failures, random)
  return {
    ...state,
    failures,
    waitMilliseconds: Math.max(own, (retryAfterSeconds ?? 0) * 1000),
    step: state.resourceVersion === null || failures >= failuresUntilList ? 'list' : state.step,
  }
}

/**
 * Whether an event is newer than what is known: a server that tells twice what it told before changes nothing. Versions that are no numbers
 * cannot be compared, and count as newer.
 */
export function isNewer(candidate: string, known: string | null): boolean {
  if (known === null || !/^[0-9]+$/.test(candidate) || !/^[0-9]+$/.test(known)) return true
  return candidate.length === known.length ? candidate > known : candidate.length > known.length
}
