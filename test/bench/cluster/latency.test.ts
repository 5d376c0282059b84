import { describe, expect, it } from 'vitest'
import { latencies, percentile } from './latency.ts'

const change = (training: string, becomes: string, at: number) => ({ training, becomes, at })

describe('what is told of changes', () => {
  it('takes from just before the write until it is heard, for each training apart', () => {
    const changes = [change('a', 'RUNNING', 100), change('b', 'RUNNING', 110)]
    const told = [change('b', 'RUNNING', 150), change('a', 'RUNNING', 160)]
    expect(latencies(changes, told)).toEqual({ milliseconds: [40, 60], missed: 0, overtaken: 0 })
  })

  it('tells also of changes that came before it, which took as long as that', () => {
    const changes = [change('a', 'RUNNING', 100), change('a', 'QUEUED change 2', 200)]
    const told = [change('a', 'QUEUED change 2', 250)]
    expect(latencies(changes, told)).toEqual({ milliseconds: [150, 50], missed: 0, overtaken: 1 })
  })

  it('is missed where nothing was told of it, nor of what came after', () => {
    const changes = [change('a', 'RUNNING', 100), change('a', 'QUEUED change 2', 200)]
    expect(latencies(changes, [change('a', 'RUNNING', 150)])).toEqual({ milliseconds: [50], missed: 1, overtaken: 0 })
  })

  it('is not what was told before it was made, nor of a training that nobody changed', () => {
    const told = [change('a', 'RUNNING', 50), change('c', 'RUNNING', 120), change('a', 'RUNNING', 130)]
    expect(latencies([change('a', 'RUNNING', 100)], told).milliseconds).toEqual([30])
  })
})

it('a percentile is a value that was measured, and without values there is none', () => {
  expect([50, 99, 100].map((percent) => percentile([3, 1, 2, 4], percent))).toEqual([2, 4, 4])
  expect(() => percentile([], 50)).toThrow(RangeError)
})
