import { describe, expect, it } from 'vitest'
import { type Kind, makeAll } from '../../../cli/specs/writing/make-all.ts'

/** Makes numbers, in groups of three that follow each other; those made by other threads end in the turn after. */
function numbers(failing: ReadonlySet<number> = new Set()) {
  const made: number[] = []
  let [running, atOnce, begun] = [0, 0, 0]
  const kind: Kind<number> = {
    make: (item) => {
      if (failing.has(item)) throw new Error(`${item} failed`)
      made.push(item)
    },
    begin: (item, end) => {
      running += 1
      begun += 1
      atOnce = Math.max(atOnce, running)
      setImmediate(() => {
        running -= 1
        if (failing.has(item)) return end(new Error(`${item} failed`))
        made.push(item)
        end(undefined)
      })
    },
    groupOf: (item) => String(Math.floor(item / 3)),
  }
  return { kind, made, seen: () => ({ running, atOnce, begun }) }
}

const hundred = Array.from({ length: 100 }, (_, index) => index)
const [never, always] = [Infinity, -1]

describe('making many', () => {
  it('makes one after the other where that is quick', async () => {
    const { kind, made, seen } = numbers()
    await makeAll(hundred, kind, never)
    expect(made).toEqual(hundred)
    expect(seen().begun).toBe(0)
  })

  it('makes several at once, and each once, where it is slow, in the turn of their groups', async () => {
    const { kind, made, seen } = numbers()
    await makeAll(hundred, kind, always)
    expect([...made].sort((left, right) => left - right)).toEqual(hundred)
    expect(seen()).toEqual({ running: 0, atOnce: 8, begun: 84 })
    expect(made.slice(16, 20)).toEqual([16, 18, 21, 24])
  })

  it('ends at the first failure, whether slow or quick, when nothing is under way any more', async () => {
    for (const slow of [never, always]) {
      const { kind, made, seen } = numbers(new Set([40, 41, 90]))
      await expect(makeAll(hundred, kind, slow)).rejects.toThrow(/^(?:40|90) failed$/)
      expect(seen().running).toBe(0)
      expect(made.length).toBeLessThan(60)
    }
  })

  it('is done at once where there is nothing to make', async () => {
    const { kind, made } = numbers()
    await makeAll([], kind, always)
    expect(made).toEqual([])
  })
})
