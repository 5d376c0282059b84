import { describe, expect, it } from 'vitest'
import { expectKept } from './check.ts'

/* The checks of `npm run faults` on records and decisions, at their small counts. */

describe('records and decisions', () => {
  it('P2: a message has its effect once, however often and in whatever order it comes', async () => {
    expect(await expectKept('P2')).toMatchObject({ sequences: 24 })
  })

  it('P3: no run makes a change that is not allowed', async () => {
    expect(await expectKept('P3')).toMatchObject({ observations: 10_000 })
  })

  it('P7: of writers of one record none overwrites another', async () => {
    const counts = await expectKept('P7')
    expect(counts['counter']).toBe(counts['accepted'])
  })

  it('P9: a migration of full tables keeps nobody waiting', async () => {
    const counts = await expectKept('P9')
    expect(counts['migrations measured']).toBeGreaterThanOrEqual(8)
  })
})
