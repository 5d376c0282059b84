import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openSpread } from '../../local/serving/spread.ts'

const weight = fc.integer({ min: 0, max: 100 })

describe('requests are spread over stable and candidate without chance', () => {
  it('of any number of requests the candidate gets its per cent, to one request', () => {
    fc.assert(
      fc.property(weight, fc.integer({ min: 1, max: 1000 }), (share, requests) => {
        const next = openSpread()
        let got = 0
        for (let count = 1; count <= requests; count += 1) {
          if (next(share) === 'candidate') got += 1
          expect(Math.abs(got - (count * share) / 100)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('whatever the weights were before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(weight, fc.integer({ min: 0, max: 50 })), { maxLength: 5 }),
        weight,
        (before, share) => {
          const next = openSpread()
          for (const [old, requests] of before) for (let count = 0; count < requests; count += 1) next(old)
          const got = Array.from({ length: 100 }, () => next(share)).filter((track) => track === 'candidate').length
          expect(Math.abs(got - share)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  it('as evenly as that goes: at 25 % never two in a row', () => {
    const next = openSpread()
    const order = Array.from({ length: 12 }, () => (next(25) === 'candidate' ? 'c' : 's')).join('')
    expect(order).toMatch(/^(?:s+c)+s*$/)
    expect(
      order
        .split('c')
        .slice(1, -1)
        .every((gap) => gap.length === 3),
    ).toBe(true)
  })
})
