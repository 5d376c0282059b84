import { describe, expect, it } from 'vitest'
import { closingStatus, trackerTags } from '../../../domain/tracker.ts'
import type { SeenTrackerRun } from '../../../reconciler/sources/tracker.ts'
import { choose, toBeClosed } from '../../../reconciler/tracking/choose.ts'
import { sampleAttempt } from '../../support/records.ts'
import { at } from '../../support/reconciler.ts'

function tracked(id: string, attempt: number, more: Partial<SeenTrackerRun> = {}): SeenTrackerRun {
  return {
    ...{ id, experimentId: '1', status: 'FINISHED', startedAt: at(1), endedAt: at(9), artifactUri: null, url: '' },
    ...{ parentId: null, tags: { [trackerTags.attempt]: String(attempt) }, params: {}, metrics: {} },
    ...more,
  }
}

const open = { status: 'RUNNING', endedAt: null } as const
const second = { attempt: 2, startedAt: at(20) }

describe('the run of a tracker that an attempt is linked to', () => {
  const table: readonly (readonly [
    string,
    SeenTrackerRun | undefined,
    readonly SeenTrackerRun[],
    string | undefined,
  ])[] = [
    ['is the one that its trainer named, whatever its tags', tracked('a', 1), [tracked('b', 2)], 'a'],
    ['is the one with its tags', undefined, [tracked('a', 1), tracked('b', 2), tracked('c', 3)], 'b'],
    [
      'is the newest of several, as of a pod that was replaced',
      undefined,
      [tracked('a', 2, open), tracked('b', 2)],
      'b',
    ],
    ['is not one inside another', undefined, [tracked('a', 2), tracked('b', 2, { parentId: 'a' })], 'a'],
    ['is one inside another where that one has no tags', undefined, [tracked('b', 2, { parentId: 'a' })], 'b'],
    ['is the one it resumed, which ended after it began', undefined, [tracked('a', 1, { endedAt: at(30) })], 'a'],
    ['is the one it resumed and left open', undefined, [tracked('a', 1, open)], 'a'],
    ['is none that ended before it began', undefined, [tracked('a', 1, { endedAt: at(19) })], undefined],
    ['is none of a later attempt', undefined, [tracked('a', 3, open)], undefined],
    ['is none where nothing has its tags', undefined, [], undefined],
  ]
  it.each(table)('%s', (_, named, all, id) => {
    expect(choose(named, all, second)?.run.id).toBe(id)
  })
})

describe('what a trainer left open', () => {
  const mine = tracked('mine', 1, open)
  const choice = { run: mine, foundBy: 'tag' } as const
  const ended = sampleAttempt({ startedAt: at(1), endedAt: at(9) })
  const alive = sampleAttempt({ attempt: 2, startedAt: at(20) })
  const ids = (runs: readonly SeenTrackerRun[]) => runs.map((run) => run.id)

  it('is closed with what is inside it and what earlier attempts left', () => {
    const child = tracked('child', 1, { ...open, parentId: 'mine' })
    const tagged = [tracked('older', 1, open), mine, child, tracked('done', 1)]
    expect(ids(toBeClosed(choice, tagged, 1, [ended], 'FAILED'))).toEqual(['mine', 'older', 'child'])
  })

  it('is not closed while a later attempt lives that may have gone on with it', () => {
    expect(ids(toBeClosed(choice, [mine], 1, [ended, alive], 'FAILED'))).toEqual([])
  })

  it('is closed while a later attempt lives that has a run of its own, which stays open', () => {
    expect(ids(toBeClosed(choice, [mine, tracked('its', 2, open)], 1, [ended, alive], 'FAILED'))).toEqual(['mine'])
  })

  it('is closed while a later attempt waits to be started', () => {
    expect(ids(toBeClosed(choice, [mine], 1, [ended, sampleAttempt({ attempt: 2 })], 'FAILED'))).toEqual(['mine'])
  })

  it('is nothing where the trainer ended its run', () => {
    expect(toBeClosed({ run: tracked('a', 1), foundBy: 'done' }, [], 1, [ended], 'FAILED')).toEqual([])
  })

  it('and was closed as lost is closed again when it turns out to have succeeded, and nothing of other attempts is', () => {
    const lost = (id: string, attempt: number) =>
      tracked(id, attempt, {
        status: 'FAILED',
        tags: { [trackerTags.attempt]: String(attempt), [trackerTags.closedAs]: 'FAILED' },
      })
    const own = lost('mine', 2)
    const attempts = [ended, sampleAttempt({ attempt: 2, startedAt: at(20), endedAt: at(30) })]
    const again = (status: 'FINISHED' | 'FAILED', of = attempts) =>
      ids(toBeClosed({ run: own, foundBy: 'tag' }, [lost('older', 1), own], 2, of, status))
    expect(again('FINISHED')).toEqual(['mine'])
    expect(again('FAILED')).toEqual([])
    expect(again('FINISHED', [...attempts, sampleAttempt({ attempt: 3 })])).toEqual([])
  })

  it('and its trainer ended after all keeps the trainer’s word', () => {
    const tags = { [trackerTags.attempt]: '1', [trackerTags.closedAs]: 'FAILED' }
    const run = tracked('mine', 1, { status: 'FINISHED', tags })
    expect(toBeClosed({ run, foundBy: 'tag' }, [run], 1, [ended], 'KILLED')).toEqual([])
  })

  it.each([
    ['SUCCEEDED', null, 'FINISHED'],
    ['CANCELLED', 'CANCELLED', 'KILLED'],
    ['FAILED', 'APP_EXIT', 'FAILED'],
    ['FAILED', 'OOM', 'FAILED'],
    ['FAILED', 'PREEMPTED', 'KILLED'],
    ['FAILED', 'NODE_LOST', 'KILLED'],
    ['FAILED', 'DEADLINE', 'KILLED'],
    ['FAILED', null, 'FAILED'],
  ] as const)('of an attempt that ended as %s (%s) becomes %s', (outcome, failureClass, status) => {
    expect(closingStatus(outcome, failureClass)).toBe(status)
  })
})
