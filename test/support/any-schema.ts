import fc from 'fast-check'
import type { Json, JsonObject } from '../../domain/canonical.ts'
import { hostileText } from './hostile-text.ts'

/*
 * Whatever a JSON Schema of ours allows, with its limits more often than what lies between them: for tests of what comes after the schema. Knows the
 * keywords that the schemas of specs have, and stops at any other.
 */

const known = new Set([
  ...['title', 'description', 'examples', 'default', 'deprecated', 'type', 'const', 'enum', 'anyOf', 'pattern'],
  ...[
    'minLength',
    'maxLength',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'items',
    'minItems',
    'maxItems',
    'uniqueItems',
  ],
  ...['properties', 'required', 'additionalProperties', 'propertyNames', 'minProperties', 'maxProperties'],
])
/** How many entries lists and mappings of any names get, at most. */
const entriesMost = 3

/** @param more values of properties, by their path such as `resources.gpuType`; null leaves one out */
export function anyOfSchema(
  schema: JsonObject,
  more: Readonly<Record<string, fc.Arbitrary<Json> | null>> = {},
  path = '',
): fc.Arbitrary<Json> {
  const unknown = Object.keys(schema).find((keyword) => !known.has(keyword) && !keyword.startsWith('x-'))
  if (unknown !== undefined) throw new Error(`${path}: the keyword ${unknown} is not known to this generator`)
  if ('const' in schema) return fc.constant(schema['const'] as Json)
  if ('enum' in schema) return fc.constantFrom(...(schema['enum'] as Json[]))
  if ('anyOf' in schema)
    return fc.oneof(
      ...(schema['anyOf'] as JsonObject[]).map((one) => anyOfSchema({ ...outer(schema), ...one }, more, path)),
    )
  const type = schema['type']
  if (Array.isArray(type))
    return fc.oneof(...type.map((one) => anyOfSchema({ ...schema, type: one as string }, more, path)))
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
    case 'number':
      return anyNumber(schema, type === 'integer')
    case 'array':
      return fc.array(anyOfSchema((schema['items'] ?? {}) as JsonObject, more, `${path}[]`), {
        minLength: (schema['minItems'] as number | undefined) ?? 0,
        maxLength: Math.max((schema['minItems'] as number | undefined) ?? 0, entriesMost),
      })
    case 'object':
      return anyObject(schema, more, path)
    default:
      return anyText(schema)
  }
}

/** What stands beside `anyOf`, but for what people read. */
function outer(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== 'anyOf'))
}

function anyText({ pattern, minLength, maxLength }: JsonObject): fc.Arbitrary<Json> {
  const [least, most] = [(minLength as number | undefined) ?? 0, (maxLength as number | undefined) ?? 200]
  const text = pattern === undefined ? hostileText : fc.stringMatching(new RegExp(pattern as string))
  return text.filter((one) => one.length >= least && one.length <= most)
}

function anyNumber({ minimum, maximum, exclusiveMinimum }: JsonObject, whole: boolean): fc.Arbitrary<Json> {
  const above = exclusiveMinimum as number | undefined
  const least = (minimum as number | undefined) ?? (above === undefined ? 0 : whole ? above + 1 : above + 1e-6)
  const most = (maximum as number | undefined) ?? Math.max(least, 1_000_000)
  const between = whole
    ? fc.integer({ min: Math.ceil(least), max: Math.floor(most) })
    : fc.double({ min: least, max: most, noNaN: true })
  return fc.oneof(fc.constant(least), fc.constant(most), between)
}

function anyObject(
  { properties = {}, required = [], additionalProperties, propertyNames }: JsonObject,
  more: Readonly<Record<string, fc.Arbitrary<Json> | null>>,
  path: string,
): fc.Arbitrary<Json> {
  const record: Record<string, fc.Arbitrary<Json>> = {}
  for (const [name, inner] of Object.entries(properties as Record<string, JsonObject>)) {
    const at = path === '' ? name : `${path}.${name}`
    const own = more[at]
    if (own !== null) record[name] = own ?? anyOfSchema(inner, more, at)
  }
  const requiredKeys = (required as string[]).filter((one) => one in record)
  const fixed = fc.record(record, { requiredKeys }) as fc.Arbitrary<JsonObject>
  if (typeof additionalProperties !== 'object' || additionalProperties === null) return fixed
  const key =
    propertyNames === undefined ? hostileText.filter((one) => one !== '') : anyText(propertyNames as JsonObject)
  const isPlain = (one: Json): one is string => !['__proto__', 'constructor', 'prototype'].includes(one as string)
  const others = fc.dictionary(
    key.filter(isPlain),
    anyOfSchema(additionalProperties as JsonObject, more, `${path}.*`),
    {
      maxKeys: entriesMost,
    },
  )
  return fc.tuple(others, fixed).map(([some, all]) => ({ ...some, ...all }))
}
