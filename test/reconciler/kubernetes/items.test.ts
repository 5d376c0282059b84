import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createItemCutter } from '../../../reconciler/sources/kubernetes/api/items.ts'

function cutAll(text: string, sizes: readonly number[] = []): { items: unknown[]; rest: unknown } {
  const bytes = Buffer.from(text)
  const cutter = createItemCutter()
  const items: string[] = []
  let from = 0
  for (const size of [...sizes, bytes.length]) {
    items.push(...cutter.cut(bytes.subarray(from, from + size)))
    from += size
  }
  return { items: items.map((one) => JSON.parse(one) as unknown), rest: JSON.parse(cutter.rest()) as unknown }
}

describe('a list that is cut into its items', () => {
  const item = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue(), { maxKeys: 6 })
  const list = fc.record({
    kind: fc.string({ unit: 'grapheme' }),
    metadata: fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })),
    items: fc.array(item, { maxLength: 8 }),
  })

  it('has the items and the rest that JSON says, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(list, fc.array(fc.nat(60), { maxLength: 60 }), fc.constantFrom(0, 2), (value, sizes, indent) => {
        const { items, rest } = cutAll(JSON.stringify(value, null, indent), sizes)
        expect(items).toEqual(JSON.parse(JSON.stringify(value.items)))
        expect(rest).toEqual(JSON.parse(JSON.stringify({ ...value, items: [] })))
      }),
      { numRuns: 500 },
    )
  })

  it('has them wherever items stand among its fields', () => {
    const { items, rest } = cutAll('{"items":[{"a":[1,{"b":"]}"}]},{}],"metadata":{"continue":"x","list":[[1]]}}')
    expect(items).toEqual([{ a: [1, { b: ']}' }] }, {}])
    expect(rest).toEqual({ items: [], metadata: { continue: 'x', list: [[1]] } })
  })

  it('byte by byte is the same, with every kind of escape', () => {
    const value = { metadata: {}, items: [{ text: '\\"\\\\\n\u0007"quoted" \\ é 😀 {[,]}' }, { '\\': '"' }] }
    const text = JSON.stringify(value)
    const sizes = Array.from({ length: Buffer.byteLength(text) }, () => 1)
    expect(cutAll(text, sizes)).toEqual({ items: value.items, rest: { metadata: {}, items: [] } })
    const withPauses = sizes.flatMap((size) => [size, 0])
    expect(cutAll(text, withPauses)).toEqual({ items: value.items, rest: { metadata: {}, items: [] } })
  })

  it('has no entries of managed fields where their key came whole, and all of them wherever it was cut: both are lists', () => {
    const managedFields = [{ manager: 'a]"}', fieldsV1: { 'f:metadata': { 'k:{"type":"Ready"}': [[], {}] } } }, {}]
    const annotations = { said: '"managedFields":[1]', '"managedFields":': 'x' }
    const value = {
      metadata: { managedFields: [] },
      items: [
        { metadata: { annotations, managedFields, name: 'a' }, managedFields: [1], list: [['"managedFields":']] },
        {},
      ],
    }
    const text = JSON.stringify(value)
    const without = value.items.map((one) =>
      one.metadata ? { ...one, metadata: { ...one.metadata, managedFields: [] } } : one,
    )
    const { rest } = cutAll(text)
    expect(rest).toEqual({ metadata: { managedFields: [] }, items: [] })
    expect(cutAll(text).items).toEqual(without)
    for (let at = 0; at < text.length; at += 1) expect([value.items, without]).toContainEqual(cutAll(text, [at]).items)
    expect(
      cutAll(
        text,
        Array.from(text, () => 1),
      ).items,
    ).toEqual(value.items)
  })

  it('with an item that never ends is an error', () => {
    const cutter = createItemCutter()
    cutter.cut(Buffer.from('{"items":[{"a":"'))
    const much = Buffer.alloc(8 * 1024 * 1024, 'x')
    cutter.cut(much)
    expect(() => {
      cutter.cut(much)
      cutter.cut(much)
    }).toThrow('an item of the list has more than')
  })
})
