import { isObject, type Schema } from './walk.ts'

/*
 * What an overlay may say, for editors. The compiler holds the merged spec against the schema, which an editor cannot: it merges nothing. So it is given
 * the schema of a patch (RFC 7396) over the spec: every key that the spec may have, none that it must have, and null wherever a key may be left out.
 */

/** What a patch need not have, because the spec below it may, and what null does not count for. */
const ofTheWhole = ['required', 'minProperties', 'maxProperties']

/** The schema of a ServingEndpoint with that of its overlays, which takes every overlay that the compiler takes. */
export function withOverlays(endpoint: Schema): Schema {
  const spec = at(endpoint, 'properties', 'spec')
  const { environments, ...keys } = at(spec, 'properties')
  if (!isObject(environments)) throw new Error('the schema of an endpoint has no environments')
  const { title, description, examples } = at(environments, 'additionalProperties')
  const overlay = { ...patchOver({ ...spec, properties: keys }), title, description, examples }
  return {
    ...endpoint,
    properties: {
      ...at(endpoint, 'properties'),
      spec: { ...spec, properties: { ...keys, environments: { ...environments, additionalProperties: overlay } } },
    },
  }
}

/** The schema of a patch over what a schema takes. Lists are replaced whole, so theirs stays. */
function patchOver(schema: Schema): Schema {
  const kept = Object.entries(schema).filter(([keyword]) => !ofTheWhole.includes(keyword))
  return Object.fromEntries(
    kept.map(([keyword, value]) => {
      if (keyword === 'properties' && isObject(value))
        return [keyword, Object.fromEntries(Object.entries(value).map(([key, one]) => [key, orNull(one)]))]
      if (keyword === 'additionalProperties' && isObject(value)) return [keyword, orNull(value)]
      if (keyword === 'anyOf' && Array.isArray(value))
        return [keyword, value.map((one) => (isObject(one) ? patchOver(one) : (one as unknown)))]
      return [keyword, value]
    }),
  )
}

/** The same with null, in words by which an editor still offers what else there is. */
function orNull(schema: unknown): unknown {
  if (!isObject(schema)) return schema
  const { type, enum: values, const: only, anyOf, ...patch } = patchOver(schema)
  return {
    ...patch,
    ...(type === undefined ? {} : { type: [type, 'null'].flat() }),
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
    ...(only === undefined ? {} : { enum: [only, null] }),
    ...(Array.isArray(anyOf) ? { anyOf: [...(anyOf as unknown[]), { type: 'null' }] } : {}),
  }
}

function at(schema: Schema, ...keys: readonly string[]): Schema {
  const found = keys.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), schema)
  if (!isObject(found)) throw new Error(`the schema of an endpoint has no ${keys.join('.')}`)
  return found
}
