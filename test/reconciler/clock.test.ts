import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Clock, createClock, type Due } from '../../reconciler/clock.ts'

/* The clock of the reconciler, on a time that the test sets. */

let due: Due[]
let clock: Clock
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  due = []
  clock = createClock((one) => due.push(one))
})
afterEach(() => {
  clock.stop()
  vi.useRealTimers()
})

it('a run becomes due at its time, and not before; of two times the earlier one counts', () => {
  clock.start()
  clock.lookAt(['late'], 5000)
  clock.lookAt(['a', 'b'], 500)
  clock.lookAt(['a'], 900)
  vi.advanceTimersByTime(499)
  expect(due).toEqual([])
  vi.advanceTimersByTime(1)
  expect(due).toEqual([{ everything: false, runs: new Set(['a', 'b']) }])
  vi.advanceTimersByTime(4500)
  expect(due[1]).toEqual({ everything: false, runs: new Set(['late']) })
  vi.advanceTimersByTime(60_000)
  expect(due).toHaveLength(2)
})

it('everything becomes due on its own', () => {
  clock.start()
  clock.lookAtEverything(1000)
  clock.lookAtEverything(300)
  vi.advanceTimersByTime(300)
  expect(due).toEqual([{ everything: true, runs: new Set() }])
})

it('what was wanted before the start becomes due after it, and nothing after the stop', () => {
  clock.lookAt(['a'], 100)
  vi.advanceTimersByTime(1000)
  expect(due).toEqual([])
  clock.start()
  vi.advanceTimersByTime(0)
  expect(due).toEqual([{ everything: false, runs: new Set(['a']) }])
  clock.lookAt(['b'], 100)
  clock.stop()
  vi.advanceTimersByTime(1000)
  expect(due).toHaveLength(1)
})
