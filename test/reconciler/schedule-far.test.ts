import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { everyCron } from '../../reconciler/schedule.ts'

const day = 24 * 3600 * 1000
beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-01-02T00:00:00Z') }))
afterEach(() => void vi.useRealTimers())

it('what is due once a year is due once a year, although no timer lasts so long', () => {
  let times = 0
  const end = everyCron(
    '0 0 12 1 6 *',
    () => new Date(),
    () => (times += 1),
  )
  vi.advanceTimersByTime(100 * day)
  expect(times).toBe(0)
  vi.advanceTimersByTime(100 * day)
  expect(times).toBe(1)
  end()
  vi.advanceTimersByTime(365 * day)
  expect(times).toBe(1)
})

it('what is no cron expression is refused by the name of its setting', () => {
  const none = () => everyCron('every minute', () => new Date(), vi.fn())
  expect(none).toThrow('reconcile.cron: "every minute"')
})
