import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffLines } from '../../../compiler/impact/lines.ts'

const line = fc.constantFrom('a', 'b', 'c', 'd', '')
const text = fc.array(line, { maxLength: 25 })

/** How many lines two texts have in common, the slow and certain way. */
function longestCommon(before: readonly string[], after: readonly string[]): number {
  let above = after.map(() => 0).concat(0)
  for (const one of before) {
    const row = [0]
    after.forEach((other, column) => {
      row.push(one === other ? (above[column] ?? 0) + 1 : Math.max(above[column + 1] ?? 0, row[column] ?? 0))
    })
    above = row
  }
  return above.at(-1) ?? 0
}

describe('the difference of two texts', () => {
  it('leads from the one to the other, names every line once, and is the shortest there is', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const parts = diffLines(before, after)
        const left = parts.flatMap((part) => ('before' in part ? [part.before] : []))
        const right = parts.flatMap((part) => ('after' in part ? [part.after] : []))
        expect(left).toEqual(before.map((_, index) => index))
        expect(right).toEqual(after.map((_, index) => index))
        for (const part of parts) if (part.kind === 'same') expect(before[part.before]).toBe(after[part.after])
        expect(parts.filter((part) => part.kind === 'same')).toHaveLength(longestCommon(before, after))
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 400) },
    )
  })

  it('of two long texts without a common line is one block for another, and is there at once', () => {
    const before = Array.from({ length: 5000 }, (_, index) => `before ${index}`)
    const after = Array.from({ length: 5000 }, (_, index) => `after ${index}`)
    const parts = diffLines(before, after)
    expect(parts.slice(0, 5000).every((part) => part.kind === 'removed')).toBe(true)
    expect(parts.slice(5000).every((part) => part.kind === 'added')).toBe(true)
    expect(parts).toHaveLength(10_000)
  })
})
