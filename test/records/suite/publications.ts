import { describe, expect, it } from 'vitest'
import { later, samplePublication, type TestRecords } from '../../support/records.ts'

export function describePublications(context: () => TestRecords): void {
  describe('publications', () => {
    it('are absorbed once, oldest first, and listed newest first', async () => {
      const { publications } = context().records
      expect(await publications.newestCommit()).toBeNull()
      const first = samplePublication()
      const second = samplePublication({ parent: first.commit, action: 'retry', sourceCommit: null, at: later(1) })
      const third = samplePublication({ parent: second.commit, sourceDirty: true, subjects: [], at: later(2) })
      await publications.absorb([first, second])
      await publications.absorb([{ ...first, files: 99 }, second, third, third])
      expect(await publications.list(10)).toEqual([third, second, first])
      expect(await publications.list(1)).toEqual([third])
      expect(await publications.newestCommit()).toBe(third.commit)
      await publications.absorb([])
      expect(await publications.newestCommit()).toBe(third.commit)
    })
  })
}
