import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { everyCron } from '../../reconciler/schedule.ts'
import { createClock } from '../../reconciler/clock.ts'
import { createRandom } from '../faults/random.ts'

/*
 * P10: the times of full passes over changes of the hour, leap days and steps of the machine's clock. All expressions divide the hour, so that an hour
 * more or less moves no time of theirs: between two of them there is always one period, whatever clocks show.
 */

vi.hoisted(() => {
  process.env['TZ'] = 'Europe/Berlin'
})

const secondsOf: Readonly<Record<string, number>> = {
  '*/5 * * * * *': 5,
  '*/10 * * * * *': 10,
  '*/30 * * * * *': 30,
  '0 * * * * *': 60,
  '* * * * *': 60,
  '*/5 * * * *': 300,
  '*/15 * * * *': 900,
  '0 */30 * * * *': 1800,
  '0 * * * *': 3600,
}

/** Around which a case is laid, in UTC. */
const moments = {
  'the hour that is left out in spring': '2027-03-28T01:00:00Z',
  'the hour that comes twice in autumn': '2026-10-25T01:00:00Z',
  'a leap day': '2028-02-29T00:00:00Z',
  'the end of a leap day': '2028-03-01T00:00:00Z',
  'a new year': '2026-12-31T23:00:00Z',
} as const

const periods = 6
const hour = 3_600_000
/** No pass follows the one before, or the start, sooner. */
const leastMilliseconds = 100

interface Case {
  readonly expression: string
  readonly moment: keyof typeof moments
  /** When the clock of the machine is set, in periods from the start, and by how much, milliseconds. */
  readonly step: { readonly after: number; readonly by: number }
  readonly offset: number
}

const random = createRandom(1, 'schedule')
const cases: readonly Case[] = Array.from({ length: 500 }, () => {
  const expression = random.pick(Object.keys(secondsOf))
  return {
    expression,
    moment: random.pick(Object.keys(moments) as (keyof typeof moments)[]),
    step: { after: random.between(1, periods - 1) + 0.5, by: random.pick([0, hour, -hour]) },
    offset: random.between(0, (secondsOf[expression] ?? 1) * 1000 - leastMilliseconds - 1),
  }
})

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** Milliseconds, on a clock that nobody sets, at which a pass became due. */
function duesOf({ expression, moment, step, offset }: Case): readonly number[] {
  const period = (secondsOf[expression] ?? 1) * 1000
  const start = Date.parse(moments[moment]) - (periods / 2) * period + offset
  let set = 0
  const began = performance.now()
  const dues: number[] = []
  const end = everyCron(
    expression,
    () => new Date(start + set + performance.now() - began),
    () => dues.push(performance.now() - began),
  )
  vi.advanceTimersByTime(step.after * period)
  set = step.by
  vi.advanceTimersByTime((periods - step.after) * period)
  end()
  return dues
}

describe('passes by a cron expression', () => {
  it.each(Object.keys(moments) as (keyof typeof moments)[])('none is missed or doubled around %s', (moment) => {
    const own = cases.filter((one) => one.moment === moment)
    expect(own.length).toBeGreaterThan(50)
    for (const one of own) {
      const period = (secondsOf[one.expression] ?? 1) * 1000
      const dues = duesOf(one)
      const told = JSON.stringify(one)
      expect(dues, told).toHaveLength(periods)
      dues.forEach((at, index) => expect(at - (dues[index - 1] ?? at - period), told).toBeCloseTo(period, -1))
    }
  })
})

describe('what waits for a time to pass', () => {
  it('is not looked at sooner or later because the clock of the machine was set', () => {
    for (const by of [hour, -hour]) {
      let set = 0
      vi.setSystemTime(Date.parse('2027-01-01T00:00:00Z') + set)
      const dues: number[] = []
      const began = performance.now()
      const clock = createClock(() => dues.push(performance.now() - began))
      clock.start()
      clock.lookAt(['a run'], 60_000)
      vi.advanceTimersByTime(30_000)
      set = by
      vi.setSystemTime(Date.parse('2027-01-01T00:00:00Z') + set)
      vi.advanceTimersByTime(29_999)
      expect(dues).toEqual([])
      vi.advanceTimersByTime(1)
      expect(dues).toHaveLength(1)
      clock.stop()
    }
  })
})
