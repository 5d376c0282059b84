import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  canonicalJson,
  canonicalJsonLines,
  canonicalMembers,
  canonicalObject,
  type Json,
  type JsonObject,
  sameJson,
} from '../../domain/canonical.ts'

/** The rule, key by key and as slowly as it reads. */
function byRule(value: unknown, indent?: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const inner = indent === undefined ? undefined : `${indent}  `
  const parts = Array.isArray(value)
    ? value.map((item) => byRule(item, inner))
    : Object.keys(value)
        .sort()
        .map(
          (key) =>
            `${JSON.stringify(key)}:${inner === undefined ? '' : ' '}${byRule((value as Record<string, unknown>)[key], inner)}`,
        )
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (parts.length === 0 || inner === undefined) return `${open}${parts.join(',')}${close}`
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`
}

const keys = fc.oneof(
  fc.constantFrom('a', 'b', 'B', 'ab', 'a b', '', '1', '9', '10', '007', '-1', '1.5', 'é', '\ud800', '"', '__proto__'),
  fc.constantFrom('constructor', 'toJSON', 'length', '4294967295', '\uffff', '\u{1f600}'),
  fc.string(),
)
const scalars = fc.oneof(
  fc.constantFrom(null, undefined, true, false, 0, -0, 1.5, 1e21, 2 ** 53, '', 'text', '\u2028', '\ud800', 'a"b\\c\n'),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
)
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { weight: 2, arbitrary: scalars },
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(keys, tie('value')), { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs) as unknown),
    fc.array(fc.tuple(keys, scalars), { maxLength: 50 }).map((pairs) => Object.fromEntries(pairs) as unknown),
  ),
})).value

describe('canonical JSON', () => {
  it('is what its rule says, for every value and every key', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(canonicalJson((value ?? null) as Json)).toBe(byRule(value))
        expect(canonicalJsonLines((value ?? null) as Json)).toBe(byRule(value, ''))
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 2000) },
    )
  })

  it.each([
    ['whole numbers as keys stand as texts, and not by their size', { 9: 1, 10: 2 }, '{"10":2,"9":1}'],
    ['a key that means something to programs is a key', JSON.parse('{"b":1,"__proto__":2}'), '{"__proto__":2,"b":1}'],
    [
      'that key beside a value that is put in order',
      JSON.parse('{"__proto__":1,"a":{"c":1,"b":2}}'),
      '{"__proto__":1,"a":{"b":2,"c":1}}',
    ],
    ['what is undefined is null, in lists and in mappings', { b: undefined, a: [undefined] }, '{"a":[null],"b":null}'],
    [
      'a value deep inside is put in order, and what stands before it stays',
      { a: 1, b: [{ d: 1, c: 2 }] },
      '{"a":1,"b":[{"c":2,"d":1}]}',
    ],
  ] as const)('%s', (_title, value: unknown, text) => {
    expect(canonicalJson(value as Json)).toBe(text)
  })

  it('of an object is that of its members, in whichever order they are given', () => {
    const objects = values.filter(
      (value) => byRule(value).startsWith('{') && !Object.hasOwn(value as object, '__proto__'),
    )
    fc.assert(
      fc.property(objects, (value) => {
        const members = canonicalMembers(value as JsonObject)
        expect(canonicalObject(members)).toBe(byRule(value))
        expect(canonicalObject(Object.fromEntries(Object.entries(members).reverse()))).toBe(byRule(value))
      }),
    )
  })

  it('is the same of two values where they are told to be the same, and only there', () => {
    const parsed = values.map((value) => JSON.parse(JSON.stringify(value ?? null)) as Json)
    fc.assert(
      fc.property(parsed, parsed, (left, right) => {
        expect(sameJson(left, right)).toBe(canonicalJson(left) === canonicalJson(right))
        expect(sameJson(left, JSON.parse(canonicalJson(left)) as Json)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    [{ a: 1 }, { b: 1 }],
    [{ a: null }, {}],
    [[], {}],
    [[1], [1, 2]],
    [[{ a: [1] }], [{ a: [2] }]],
    [JSON.parse('{"__proto__":1}') as Json, JSON.parse('{"a":1}') as Json],
  ] as const)('tells %j from %j', (left, right) => {
    expect(sameJson(left, right)).toBe(false)
    expect(sameJson(right, left)).toBe(false)
  })

  it('leaves the value that it writes as it was', () => {
    const value = { b: [{ d: 1, c: undefined }], a: { 10: 1, 9: 2 } }
    const before = structuredClone(value)
    canonicalJson(value as unknown as Json)
    expect(value).toStrictEqual(before)
    expect(Object.keys(value)).toEqual(['b', 'a'])
  })
})
