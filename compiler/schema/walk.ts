export type Schema = { readonly [keyword: string]: unknown }

const one = [
  'additionalProperties',
  'propertyNames',
  'items',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'additionalItems',
]
const several = ['allOf', 'anyOf', 'oneOf', 'prefixItems']
const named = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']

export function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Changes a schema and all schemas inside it, from the inside to the outside. Values, such as examples, are no schemas. */
export function mapSchemas(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const inner = (value: unknown): unknown => (isObject(value) ? mapSchemas(value, change) : value)
  const entries = Object.entries(schema).map(([keyword, value]) => {
    if (one.includes(keyword)) return [keyword, inner(value)]
    if (several.includes(keyword) && Array.isArray(value)) return [keyword, value.map(inner)]
    if (named.includes(keyword) && isObject(value))
      return [keyword, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inner(each)]))]
    return [keyword, value]
  })
  return change(Object.fromEntries(entries) as Schema)
}
