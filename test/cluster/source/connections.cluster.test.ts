import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { MirrorTimes } from '../../../reconciler/sources/kubernetes/watch/mirror.ts'
import { theCluster } from '../support/cluster.ts'
import { type Breakable, openBreakable } from './breakable.ts'

/*
 * What is seen through the real API server while the way to it fails. Each test has a way of its own; faults of the API server itself are in
 * faults.cluster.test.ts.
 */

async function withBreakable(deeds: (breakable: Breakable) => Promise<void>, times?: Partial<MirrorTimes>) {
  const breakable = await openBreakable(theCluster(), times)
  try {
    await deeds(breakable)
  } finally {
    await breakable.close()
  }
}

const fault = fc.record({
  kind: fc.constantFrom('cut', 'hold'),
  changes: fc.constantFrom('before it', 'during it'),
})
/** Sixteen seconds of silence each would take too long: here it is two. */
const hasty = { watchSeconds: 1, silenceMilliseconds: 2000 }

describe('our view equals a fresh list', () => {
  it.concurrent('after changes, without another list', ({ expect }) =>
    withBreakable(async ({ changeEverything, untilMended, listsOf }) => {
      await changeEverything()
      await untilMended()
      expect(listsOf('jobs')).toBe(1)
    }),
  )

  it.concurrent('after the connection was cut, again and again', () =>
    withBreakable(async ({ proxy, changeEverything, untilMended }) => {
      for (let round = 0; round < 5; round += 1) {
        await proxy.cut()
        await changeEverything()
        await proxy.restore()
        await untilMended()
      }
    }),
  )

  it.concurrent.each([1, 2, 3])('after eight faults of the connection at random, of seed %s', (seed) =>
    withBreakable(async ({ proxy, changeEverything, untilMended }) => {
      for (const { kind, changes } of fc.sample(fault, { numRuns: 8, seed })) {
        if (changes === 'before it') await changeEverything()
        if (kind === 'cut') await proxy.cut()
        else proxy.hold()
        if (changes === 'during it') await changeEverything()
        if (kind === 'cut') await proxy.restore()
        await untilMended()
      }
    }, hasty),
  )

  it.concurrent('after the connection stood half open and told nothing', ({ expect }) =>
    withBreakable(async ({ proxy, changeEverything, untilMended, failures }) => {
      proxy.hold()
      await changeEverything()
      await untilMended()
      expect(failures()).toBeGreaterThan(0)
    }),
  )
})
