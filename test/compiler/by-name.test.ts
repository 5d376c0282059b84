import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mergedByName, sortByName } from '../../compiler/by-name.ts'
import { compareText } from '../../domain/problem.ts'

const named = fc.array(
  fc.record({ name: fc.constantFrom('', 'A', 'B', 'a', 'b', 'ab', 'é', '\uffff'), of: fc.nat() }),
  {
    maxLength: 80,
  },
)
type Named = { readonly name: string; readonly of: number }

/** As the engine sorts, which leaves what has the same name in its order. */
const sorted = (list: readonly Named[]): readonly Named[] =>
  [...list].sort((left, right) => compareText(left.name, right.name))

it('a list is sorted by name, and what has the same name stays in its order', () => {
  fc.assert(
    fc.property(named, (list) => {
      expect(sortByName([...list])).toEqual(sorted(list))
    }),
  )
})

it('two sorted lists become one, and of the same name that of the first comes first', () => {
  fc.assert(
    fc.property(named, named, (first, second) => {
      expect(mergedByName(sorted(first), sorted(second))).toEqual(sorted([...sorted(first), ...sorted(second)]))
    }),
  )
})
