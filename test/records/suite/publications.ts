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

    it('keep how they were merged: by which commit and whom that names, or that nothing is known of it', async () => {
      const { publications } = context().records
      const by = { commit: 'b'.repeat(40), who: 'Ada <ada@example.com>' }
      const all = [
        samplePublication(),
        samplePublication({ merge: { branch: 'main', proposedAt: later(-60), by: { ...by, source: 'author' } } }),
        samplePublication({ merge: { branch: 'main', proposedAt: later(-60), by: { ...by, source: 'committer' } } }),
        samplePublication({ merge: { branch: 'main', proposedAt: later(0), by: null } }),
        samplePublication({
          merge: { branch: 'prod', proposedAt: later(0), by: null },
          mergedPull: { number: 12, url: 'https://git.example.com/12', by: 'ada', approvedBy: ['ben'] },
        }),
      ]
      await publications.absorb(all)
      expect(await publications.list(10)).toEqual([...all].reverse())
      const strange = { ...by, who: 'A\0da <>', source: 'author' } as const
      await publications.absorb([samplePublication({ merge: { branch: 'main', proposedAt: later(0), by: strange } })])
      expect((await publications.list(1))[0]?.merge?.by?.who).not.toContain('\0')
    })
  })
}
