import { describe, expect, it } from 'vitest'
import { judge } from '../support/misplaced/judge.ts'
import { allMutations, measurePlaces } from '../support/misplaced/places.ts'
import { styles } from '../support/misplaced/write.ts'

describe('a spec repository with one mistake', () => {
  it.each(styles.map((style) => [style.name, style] as const))('has none before it is made: %s', (_name, style) => {
    expect(judge({ sentence: 'no change', documents: {}, expected: [] }, style)).toEqual([])
  })

  // A quarter of all, so that this is quick; exact-places.slow.test.ts makes every one.
  it('has its problem told exactly where it is, with every other place that has a part in it, and no other problem', () => {
    const mutations = allMutations().filter((_one, index) => index % 4 === 0)
    const { exact, faults } = measurePlaces(mutations)
    expect(faults.slice(0, 20)).toEqual([])
    expect(exact).toBe(mutations.length)
    expect(mutations.length).toBeGreaterThanOrEqual(500)
  }, 120_000)
})
