import { describe, expect, it } from 'vitest'
import { expectKept } from './check.ts'

/* The checks of `npm run faults` on what is written to Git, at their small counts. What they promise: docs/reliability.md. */

describe('the deploy repository', () => {
  it('P23: gets every commit of eight writers once, whatever its server refuses', async () => {
    const counts = await expectKept('P23')
    expect(counts).toMatchObject({ commits: 40, lost: 0, duplicated: 0, 'forced pushes': 0 })
    expect(counts['refused by the hook']).toBeGreaterThan(0)
  })

  it('P24: keeps what a person changes while we publish', async () => {
    const counts = await expectKept('P24')
    expect(counts).toMatchObject({ interleavings: 40, reverted: 0 })
    expect(counts['changes']).toBeGreaterThan(0)
    expect(counts['takes back']).toBeGreaterThan(0)
  })

  it('P25: is sound and writable after any kill of who publishes', async () => {
    expect(await expectKept('P25')).toMatchObject({ kills: 9, lost: 0, damaged: 0, 'locks left': 0 })
  })

  it('P26: says in each commit who asked for it, and trusts no commit that only looks like ours', async () => {
    const counts = await expectKept('P26')
    expect(counts).toMatchObject({ 'forged and trusted': 0 })
    expect(counts['forged']).toBeGreaterThan(0)
    expect(counts['of them operations']).toBeGreaterThan(0)
  })

  it('P27: meets enemies without harm', async () => {
    expect(await expectKept('P27')).toMatchObject({ cases: 45, executions: 0, 'local reads': 0 })
  })
})
