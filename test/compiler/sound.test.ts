import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import * as sound from '../../compiler/validate/sound.built.js'
import * as validators from '../../compiler/validate/validators.built.js'
import type { SpecKind } from '../../domain/specs.generated.ts'
import { hostileText } from '../support/hostile-text.ts'

/*
 * Two validators are made of each schema: one that tells whether a value fits, and Ajv's, which tells what is wrong. They take the same values. The
 * examples that the schemas give for everything make a document with every key, in which each place takes each odd value.
 */

interface Schema {
  readonly title: SpecKind
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly maxProperties?: number
}

const folder = join(import.meta.dirname, '..', '..', 'schemas')
const schemas = readdirSync(folder)
  .filter((name) => name.endsWith('.schema.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Schema)

const odd = [
  ...[null, true, false, 0, -1, 1, 0.5, 1e21, Number.NaN, Number.POSITIVE_INFINITY, undefined],
  ...[
    '',
    'a',
    'A b',
    '-a',
    'a\n',
    '😀',
    '\ud800',
    'a'.repeat(64),
    '😀'.repeat(127),
    '1Gi',
    '10%',
    '/x',
    'https://a.b',
    '2026-01-01',
  ],
  ...[
    [],
    ['a'],
    ['a', 'a'],
    [1, 1],
    [null],
    [{}, {}],
    {},
    { a: 1 },
    { 'A b': {} },
    { name: 'x' },
    { secret: 'a', key: 'b' },
  ],
]

type Step = string | number
interface Spot {
  readonly path: readonly Step[]
  readonly values: readonly unknown[]
}

/** A value with every key that a schema knows, and what may be put at each of its places to come to the limits that the schema has there. */
function full(schema: Schema, path: readonly Step[], spots: Spot[]): unknown {
  const { minLength = 0, maxLength = 0, minimum = 0, maximum = 0, maxItems = 0, maxProperties = 0 } = schema
  spots.push({
    path,
    values: [
      ...odd,
      ...(schema.enum ?? []),
      ...(schema.examples ?? []),
      ...[minimum, maximum].flatMap((bound) => [bound - 1, bound, bound + 1]),
      ...[minLength, maxLength].flatMap((length) =>
        ['a', '😀'].flatMap((one) => [-1, 0, 1].map((more) => one.repeat(Math.max(0, length + more)))),
      ),
      ...[maxItems, maxItems + 1].map((length) =>
        Array.from({ length }, (_, index) => (schema.items ? full(schema.items, [], []) : index)),
      ),
      ...[maxProperties, maxProperties + 1].map((length) =>
        Object.fromEntries(Array.from({ length }, (_, index) => [`a${index}`, 'a'])),
      ),
    ],
  })
  if (schema.properties) {
    const entries = Object.entries(schema.properties).map(
      ([key, one]) => [key, full(one, [...path, key], spots)] as const,
    )
    return Object.fromEntries(entries)
  }
  if (schema.items) return [full(schema.items, [...path, 0], spots)]
  if (typeof schema.additionalProperties === 'object')
    return { key: full(schema.additionalProperties, [...path, 'key'], spots) }
  return schema.const ?? schema.enum?.[0] ?? schema.examples?.[0]
}

function changed(value: unknown, path: readonly Step[], to: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return to
  if (Array.isArray(value)) return (value as unknown[]).with(Number(step), changed(value[Number(step)], rest, to))
  const inner = (value as Record<string, unknown>)[step]
  return { ...(value as object), [step]: changed(inner, rest, to) }
}

function told(kind: SpecKind, value: unknown): readonly [boolean, boolean] {
  return [sound[kind](value), validators[kind](value)]
}

it.each(schemas.map((schema) => [schema.title, schema] as const))(
  'both validators of %s take the same values, whatever stands at any of its places',
  (kind, schema) => {
    const spots: Spot[] = []
    const document = full(schema, [], spots)
    const seen = { taken: 0, refused: 0 }
    for (const { path, values } of spots) {
      for (const value of values) {
        const [ours, theirs] = told(kind, changed(document, path, value))
        if (ours !== theirs) expect.fail(`${path.join('/')} = ${JSON.stringify(value)}: ${ours} and ${theirs}`)
        seen[ours ? 'taken' : 'refused'] += 1
      }
    }
    expect(seen.taken).toBeGreaterThan(spots.length)
    expect(seen.refused).toBeGreaterThan(spots.length)
  },
)

it('both take the same values where several places are odd', () => {
  const anything = fc.anything({ values: [hostileText, fc.constantFrom(...odd)] })
  for (const schema of schemas) {
    const spots: Spot[] = []
    const document = full(schema, [], spots)
    const change = fc
      .constantFrom(...spots)
      .chain(({ path, values }) => fc.oneof(fc.constantFrom(...values), anything).map((to) => ({ path, to })))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        let value = document
        for (const { path, to } of changes) {
          try {
            value = changed(value, path, to)
          } catch {
            // A place that the change before took away.
          }
        }
        const [ours, theirs] = told(schema.title, value)
        return ours === theirs
      }),
      { numRuns: 200 },
    )
  }
})
