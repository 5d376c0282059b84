import { expect, it } from 'vitest'
import { allMutations, measurePlaces } from '../support/misplaced/places.ts'

it('every mistake in a spec repository is told exactly where it is, however the text is written', () => {
  const mutations = allMutations()
  for (const round of [0, 1]) {
    const { exact, faults } = measurePlaces(mutations, round)
    expect(faults.slice(0, 20)).toEqual([])
    expect(exact).toBe(mutations.length)
  }
  expect(mutations.length).toBeGreaterThanOrEqual(2000)
})
