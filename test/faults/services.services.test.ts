import { describe, expect, it } from 'vitest'
import { expectKept } from './check.ts'

/* The checks of `npm run faults` that need PostgreSQL and Redis, at their small counts. What they promise: docs/reliability.md. */

describe('the service under faults', () => {
  it('P1: loses nothing that it acknowledged, whatever is killed', async () => {
    const counts = await expectKept('P1')
    expect(counts).toMatchObject({ kills: 3, lost: 0 })
    expect(counts['acknowledged']).toBeGreaterThan(1000)
  })

  it('P4: needs no Redis: emptied or killed it spoils no answer', async () => {
    expect(await expectKept('P4')).toMatchObject({ faults: 3, lost: 0, 'refused or failed': 0 })
  })

  it('P5: survives restarts of PostgreSQL, and tells whoever asks meanwhile to come again', async () => {
    const counts = await expectKept('P5')
    expect(counts).toMatchObject({ restarts: 3, lost: 0, 'other answers': 0 })
    expect(counts['answers 503 with Retry-After']).toBeGreaterThan(0)
  })

  it('P6: does what a transaction asked for if, and only if, it was committed', async () => {
    const counts = await expectKept('P6')
    expect(counts).toMatchObject({ kills: 4, missing: 0, phantom: 0 })
  })
})
