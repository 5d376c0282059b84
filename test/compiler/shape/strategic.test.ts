import { describe, expect, it } from 'vitest'
import { strategicMerge } from '../../../compiler/shape/strategic.ts'
import type { Json, JsonObject } from '../../../domain/canonical.ts'

const keys = { fields: { items: { key: 'name', fields: { inner: { key: 'id' } } }, words: { key: '' } } }
const original = {
  a: 1,
  map: { x: 1, y: 2 },
  list: [1, 2],
  words: ['a', 'b'],
  items: [
    { name: 'one', value: 1, inner: [{ id: 1, v: 1 }] },
    { name: 'two', value: 2 },
  ],
}

/** As the documentation of Kubernetes has it. */
describe('a strategic merge patch', () => {
  it.each([
    ['changes what it names and leaves the rest', { a: 2 }, { ...original, a: 2 }],
    ['takes a key away with null', { map: { x: null } }, { ...original, map: { y: 2 } }],
    ['adds a mapping that is not there', { new: { b: 1 } }, { ...original, new: { b: 1 } }],
    ['replaces a mapping', { map: { $patch: 'replace', z: 1 } }, { ...original, map: { z: 1 } }],
    ['merges a mapping that says so', { map: { $patch: 'merge', x: 3 } }, { ...original, map: { x: 3, y: 2 } }],
    ['deletes a mapping', { map: { $patch: 'delete' } }, { ...original, map: undefined }],
    ['keeps some keys alone', { map: { $retainKeys: ['x'], x: 3 } }, { ...original, map: { x: 3 } }],
    ['replaces a list without a key', { list: [3] }, { ...original, list: [3] }],
    ['joins a list of words', { words: ['c', 'a'] }, { ...original, words: ['a', 'b', 'c'] }],
    ['takes words away', { '$deleteFromPrimitiveList/words': ['a'] }, { ...original, words: ['b'] }],
    [
      'merges entries by their key and puts new ones last',
      { items: [{ name: 'three' }, { name: 'one', value: 5 }] },
      { ...original, items: [{ ...original.items[0], value: 5 }, original.items[1], { name: 'three' }] },
    ],
    [
      'merges lists inside of entries',
      { items: [{ name: 'one', inner: [{ id: 1, v: 2 }, { id: 2 }] }] },
      { ...original, items: [{ ...original.items[0], inner: [{ id: 1, v: 2 }, { id: 2 }] }, original.items[1]] },
    ],
    ['deletes an entry', { items: [{ name: 'two', $patch: 'delete' }] }, { ...original, items: [original.items[0]] }],
    ['deletes no entry that is not there', { items: [{ name: 'nine', $patch: 'delete' }] }, original],
    [
      'replaces a list of entries',
      { items: [{ $patch: 'replace' }, { name: 'four' }] },
      { ...original, items: [{ name: 'four' }] },
    ],
  ] as const)('%s', (_title, patch, expected) => {
    const before = structuredClone(original)
    expect(strategicMerge(original as unknown as Json, patch as unknown as JsonObject, keys)).toEqual(expected)
    expect(original).toEqual(before)
  })
})
