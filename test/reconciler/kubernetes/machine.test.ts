import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMilliseconds } from '../../../reconciler/sources/kubernetes/watch/backoff.ts'
import {
  beginning,
  type Happened,
  isNewer,
  next,
  type WatchState,
  type WatchTimes,
} from '../../../reconciler/sources/kubernetes/watch/machine.ts'

const times: WatchTimes = {
  relistMilliseconds: 600_000,
  backoff: { leastMilliseconds: 250, mostMilliseconds: 5000 },
  refusedMilliseconds: 30_000,
  shortestMilliseconds: 1000,
}
const watching: WatchState = {
  step: 'watch',
  waitMilliseconds: 0,
  resourceVersion: '7',
  failures: 0,
  relistAt: 600_000,
}
const listing: WatchState = { ...watching, step: 'list' }
const failed: Happened = { kind: 'failed', retryAfterSeconds: null }
const longWatch: Happened = { kind: 'ended', lastedMilliseconds: 12_000, empty: true }

/** The times of waiting stand for the least random number: half of the longest. */
const table: readonly (readonly [
  sentence: string,
  state: WatchState,
  happened: Happened,
  now: number,
  expected: Partial<WatchState>,
])[] = [
  [
    'begins to watch where the list stood',
    beginning,
    { kind: 'listed', resourceVersion: '9' },
    0,
    { step: 'watch', resourceVersion: '9', waitMilliseconds: 0 },
  ],
  [
    'plans the next full list when one was read',
    beginning,
    { kind: 'listed', resourceVersion: '9' },
    1000,
    { relistAt: 541_000 },
  ],
  [
    'goes on from the newest event',
    watching,
    { kind: 'told', resourceVersion: '8' },
    0,
    { step: 'watch', resourceVersion: '8' },
  ],
  [
    'forgets failures when a watch tells something',
    { ...watching, failures: 4 },
    { kind: 'told', resourceVersion: '8' },
    0,
    { failures: 0 },
  ],
  [
    'watches on at once when the server ends a watch in its time',
    watching,
    longWatch,
    0,
    { step: 'watch', waitMilliseconds: 0, resourceVersion: '7' },
  ],
  [
    'lists when the server ends a watch and a full list is due',
    watching,
    longWatch,
    600_000,
    { step: 'list', waitMilliseconds: 0 },
  ],
  [
    'waits when a watch ends at once and tells nothing',
    watching,
    { kind: 'ended', lastedMilliseconds: 5, empty: true },
    0,
    { step: 'watch', waitMilliseconds: 125, failures: 1 },
  ],
  [
    'does not wait when a short watch told something',
    watching,
    { kind: 'ended', lastedMilliseconds: 5, empty: false },
    0,
    { waitMilliseconds: 0, failures: 0 },
  ],
  ['lists at once when its history is gone', watching, { kind: 'gone' }, 0, { step: 'list', waitMilliseconds: 0 }],
  [
    'waits before the next list when the history is gone again at once',
    { ...watching, failures: 1 },
    { kind: 'gone' },
    0,
    { step: 'list', waitMilliseconds: 250, failures: 2 },
  ],
  ['waits when a list is told that it is gone', listing, { kind: 'gone' }, 0, { step: 'list', waitMilliseconds: 125 }],
  [
    'watches on over another connection at once after silence',
    watching,
    { kind: 'silent' },
    0,
    { step: 'watch', waitMilliseconds: 0, failures: 1 },
  ],
  [
    'waits when the next connection is silent too',
    { ...watching, failures: 1 },
    { kind: 'silent' },
    0,
    { step: 'watch', waitMilliseconds: 250, failures: 2 },
  ],
  [
    'waits before it tries a failed watch again',
    watching,
    failed,
    0,
    { step: 'watch', waitMilliseconds: 125, failures: 1 },
  ],
  [
    'lists when a watch has failed three times in a row',
    { ...watching, failures: 2 },
    failed,
    0,
    { step: 'list', waitMilliseconds: 500, failures: 3 },
  ],
  ['lists again when the first list failed', beginning, failed, 0, { step: 'list', waitMilliseconds: 125 }],
  [
    'waits as long as the server asks',
    watching,
    { kind: 'failed', retryAfterSeconds: 9 },
    0,
    { waitMilliseconds: 9000 },
  ],
  ['waits no longer than the longest backoff', { ...watching, failures: 900 }, failed, 0, { waitMilliseconds: 2500 }],
  [
    'asks seldom for a kind that is not installed, which is no failure',
    { ...listing, failures: 3 },
    { kind: 'absent' },
    0,
    { step: 'list', waitMilliseconds: 15_000, failures: 0 },
  ],
  [
    'asks again soon for what is refused, as by an API server that has just started',
    watching,
    { kind: 'refused' },
    0,
    { step: 'list', waitMilliseconds: 125, failures: 1 },
  ],
  [
    'asks seldom for what is refused again and again',
    { ...watching, failures: 20 },
    { kind: 'refused' },
    0,
    { step: 'list', waitMilliseconds: 15_000 },
  ],
]

describe('a watch', () => {
  it.each(table)('%s', (_sentence, state, happened, now, expected) => {
    expect(next(state, happened, times, now, 0)).toMatchObject(expected)
  })

  it('never asks a server that only fails more than four times in the first two seconds, whatever it fails with', () => {
    const failures = fc.constantFrom<Happened>(
      failed,
      { kind: 'gone' },
      { kind: 'ended', lastedMilliseconds: 0, empty: true },
      { kind: 'listed', resourceVersion: '9' },
    )
    fc.assert(
      fc.property(fc.array(failures, { minLength: 60, maxLength: 60 }), (happenings) => {
        let state = beginning
        let now = 0
        let asked = 0
        for (const happened of happenings) {
          // A list that is read is a success of the list; that the watches fail all the same is what must not turn into a storm.
          if (happened.kind === 'listed' && state.step !== 'list') continue
          state = next(state, happened, times, now, 0)
          now += state.waitMilliseconds
          if (now < 2000) asked += 1
        }
        expect(asked).toBeLessThan(14)
      }),
    )
  })
})

describe('the wait before the next try', () => {
  it('is doubled with each failure, and at random between its half and its whole', () => {
    const backoff = { leastMilliseconds: 100, mostMilliseconds: 1000 }
    expect([1, 2, 3, 4, 5, 99].map((failures) => backoffMilliseconds(backoff, failures, 0))).toEqual([
      50, 100, 200, 400, 500, 500,
    ])
    expect(backoffMilliseconds(backoff, 3, 0.5)).toBe(300)
  })
})

const versions: readonly (readonly [candidate: string, known: string | null, newer: boolean])[] = [
  ['10', '9', true],
  ['9', '10', false],
  ['9', '9', false],
  ['9', null, true],
  // Longer than a number can say exactly.
  ['18446744073709551616', '18446744073709551615', true],
  ['a-version-of-another-store', '9', true],
]
it.each(versions)('resourceVersion %s is newer than %s: %s', (candidate, known, newer) => {
  expect(isNewer(candidate, known)).toBe(newer)
})
