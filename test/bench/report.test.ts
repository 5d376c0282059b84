import { describe, expect, it } from 'vitest'
import { median, report, row, tableOf } from './report.ts'

describe('a row of a bench', () => {
  it.each([
    ['of a rate has ours over the peer', { better: 'more', ours: 100, peer: { name: 'p', value: 20 } }, 5],
    ['of a time has the peer over ours', { better: 'less', ours: 20, peer: { name: 'p', value: 100 } }, 5],
    ['without a peer is held against the limit', { better: 'less', ours: 200, limit: 100 }, 0.5],
    ['whose peer is missing has no ratio', { better: 'more', ours: 1, peer: { name: 'none', value: null } }, null],
    ['that could not be measured has no ratio', { better: 'more', ours: null, limit: 1 }, null],
  ] as const)('%s', (_sentence, measured, ratio) => {
    expect(row({ metric: 'm', unit: 'u', ...measured }).ratio).toBe(ratio)
  })

  it('has every field, null where it does not apply', () => {
    expect(row({ metric: 'm', unit: 'u', better: 'more', ours: 1 })).toEqual({
      ...{
        metric: 'm',
        unit: 'u',
        ours: 1,
        peer: null,
        peerName: null,
        limit: null,
        ratio: null,
        goal: null,
        bound: null,
      },
    })
  })
})

it('the median is the middle, of two the lower', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2])
})

it('the table names the machine and says what is missing with a dash', () => {
  const text = tableOf(report('b', [row({ metric: 'm', unit: 'u', better: 'more', ours: 1234.5 })]))
  expect(text).toMatch(/^b: system .*cores \d+.*node v/)
  expect(text).toMatch(/m +u +1230 +- +- +- +- +- +-\n/)
})
