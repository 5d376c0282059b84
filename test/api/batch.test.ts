import { describe, expect, it } from 'vitest'
import { createBatcher } from '../../api/batch.ts'

describe('a batcher', () => {
  it('does what came meanwhile as one batch, in order, at most so many', async () => {
    const batches: number[][] = []
    const free: (() => void)[] = []
    const ask = createBatcher<number, string>({
      ...{ most: 3, waitingMost: 100 },
      run: async (items) => {
        batches.push([...items])
        await new Promise<void>((resolve) => free.push(resolve))
        return items.map((item) => `answer ${item}`)
      },
    })
    const first = ask(0)
    await expect.poll(() => batches.length).toBe(1)
    const others = [1, 2, 3, 4, 5].map(ask)
    for (const round of [1, 2, 3]) {
      await expect.poll(() => free.length).toBe(round)
      free.at(-1)?.()
    }
    expect(await Promise.all([first, ...others])).toEqual([0, 1, 2, 3, 4, 5].map((item) => `answer ${item}`))
    expect(batches).toEqual([[0], [1, 2, 3], [4, 5]])
  })

  it('that fails, fails for the items of that batch and goes on with the next', async () => {
    let fail = true
    const ask = createBatcher<number, number>({
      ...{ most: 2, waitingMost: 100 },
      run: async (items) => {
        if (!fail) return items
        fail = false
        throw new Error('the disk is full')
      },
    })
    const settled = await Promise.allSettled([1, 2, 3].map(ask))
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect(await ask(4)).toBe(4)
  })

  it('refuses what is more than may wait', async () => {
    const ask = createBatcher<number, number>({ most: 1, waitingMost: 2, run: async (items) => items })
    const settled = await Promise.allSettled([1, 2, 3].map(ask))
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(settled[2]).toMatchObject({ reason: { code: 'OVERLOADED' } })
  })
})
