import { describe, expect, it } from 'vitest'
import { expectKept } from '../../faults/check.ts'
import { theCluster } from '../support/cluster.ts'

/* The checks of `npm run faults` that need a real API server, at their small counts. What they promise: docs/reliability.md. */

describe('on a real API server', () => {
  it('P8: leaders that were frozen past their lease write nothing when they wake up', async () => {
    const counts = await expectKept('P8', theCluster())
    expect(counts['frozen']).toBe(4)
    expect(counts['stale tries refused']).toBe(counts['stale tries'])
  })

  it('P11: after each kind of fault our view is a fresh list again, and the staleness told of it', async () => {
    const counts = await expectKept('P11', theCluster())
    expect(counts['faults']).toBe(10)
    for (const kind of ['half-open', 'truncated', 'slow', 'history forgotten', 'API server killed'])
      expect(counts[kind], kind).toBeGreaterThan(0)
    expect(counts['seconds until mended, longest']).toBeLessThanOrEqual(30)
  })

  it('P12c: takes no field from those who write the same objects, and says where they took one of ours', async () => {
    const counts = await expectKept('P12c', theCluster())
    expect(counts).toMatchObject({ objects: 40, stolen: 0, forced: 0 })
    expect(counts['conflicts reported']).toBeGreaterThan(0)
    expect(counts['conflicts reported']).toBe(counts['ours taken by others'])
  })
})
