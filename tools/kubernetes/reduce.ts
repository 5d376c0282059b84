/** A schema of OpenAPI, as far as it is kept. */
export interface Schema {
  readonly [keyword: string]: unknown
}
/** By name: those of kinds are `apiVersion/Kind`. */
export type Definitions = Readonly<Record<string, Schema>>

export interface Swagger {
  readonly definitions: Readonly<Record<string, Schema>>
}

/** Keywords that decide what a server takes, or how a patch is merged. Descriptions, examples and rules in CEL are left out. */
const kept = new Set([
  ...[
    'type',
    'format',
    'properties',
    'additionalProperties',
    'items',
    'required',
    'enum',
    'nullable',
    'default',
    '$ref',
  ],
  ...['pattern', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'uniqueItems'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'],
  ...['allOf', 'anyOf', 'oneOf', 'not'],
  ...['x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'],
  ...['x-kubernetes-list-type', 'x-kubernetes-list-map-keys'],
  ...['x-kubernetes-patch-merge-key', 'x-kubernetes-patch-strategy'],
])
const maps = new Set(['properties'])
const lists = new Set(['allOf', 'anyOf', 'oneOf'])
const schemas = new Set(['items', 'additionalProperties', 'not'])

const anything = { 'x-kubernetes-preserve-unknown-fields': true }
/** What the custom resources' own schemas leave to the server. */
const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** The definitions that some kinds of the API server's own description reach. */
export function fromSwagger({ definitions }: Swagger, kinds: readonly string[]): Definitions {
  const reached: Record<string, Schema> = {}
  const reach = (name: string): void => {
    if (name in reached) return
    const schema = special(name) ?? trimmed(definitions[name] ?? missing(name))
    reached[name] = schema
    for (const [, inner = ''] of JSON.stringify(schema).matchAll(/"\$ref":"#\/([^"]+)"/g)) reach(inner)
  }
  for (const kind of kinds) {
    const { properties, ...rest } = trimmed(withoutStatus(definitions[kind] ?? missing(kind)))
    const named = kindOf(definitions[kind] ?? missing(kind))
    reached[named] = { ...rest, properties }
    for (const [, inner = ''] of JSON.stringify(properties).matchAll(/"\$ref":"#\/([^"]+)"/g)) reach(inner)
  }
  return reached
}

function kindOf(schema: Schema): string {
  const [first] = schema['x-kubernetes-group-version-kind'] as { group: string; version: string; kind: string }[]
  if (!first) throw new Error('a kind without its name')
  return `${first.group === '' ? '' : `${first.group}/`}${first.version}/${first.kind}`
}

/** Two shapes that Go writes by hand, and that OpenAPI 2 calls strings. */
function special(name: string): Schema | undefined {
  if (name.endsWith('.resource.Quantity')) return { format: 'quantity' }
  if (name.endsWith('.intstr.IntOrString')) return { 'x-kubernetes-int-or-string': true }
  if (name.endsWith('.FieldsV1') || name.endsWith('.RawExtension')) return anything
  return undefined
}

/** The schemas of every version of a CustomResourceDefinition; parts that occur more than once stand there once. */
export function fromCustomResource(resource: unknown): { name: string; definitions: Definitions } {
  const { metadata, spec } = resource as {
    metadata: { name: string }
    spec: {
      group: string
      names: { kind: string }
      versions: { name: string; served: boolean; schema: { openAPIV3Schema: Schema } }[]
    }
  }
  const definitions: Record<string, Schema> = {}
  for (const { name, served, schema } of spec.versions.filter((one) => one.served)) {
    if (!served) continue
    const { properties, ...rest } = trimmed(withoutStatus(schema.openAPIV3Schema))
    definitions[`${spec.group}/${name}/${spec.names.kind}`] = {
      ...rest,
      properties: { ...(properties as object), metadata: { $ref: `#/${objectMeta}` } },
      // The server takes no null where a custom resource does not say so.
      'x-kubernetes-custom': true,
    }
  }
  const [plural = '', ...group] = metadata.name.split('.')
  return { name: `${group.join('.')}_${plural}`, definitions: shared(definitions) }
}

function withoutStatus(schema: Schema): Schema {
  const properties = schema['properties'] as Record<string, unknown>
  return 'status' in properties ? { ...schema, properties: { ...properties, status: anything } } : schema
}

function trimmed(schema: Schema): Schema {
  const entries = Object.entries(schema)
    .filter(([keyword]) => kept.has(keyword))
    .map(([keyword, value]): [string, unknown] => {
      if (keyword === '$ref') return [keyword, String(value).replace('#/definitions/', '#/')]
      if (maps.has(keyword))
        return [keyword, Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, trimmed(one)]))]
      if (lists.has(keyword)) return [keyword, (value as Schema[]).map(trimmed)]
      if (schemas.has(keyword) && typeof value === 'object') return [keyword, trimmed(value as Schema)]
      return [keyword, value]
    })
  return Object.fromEntries(entries)
}

const sharedLengthMin = 200

/** A custom resource repeats the whole shape of a pod wherever it holds one. */
function shared(definitions: Definitions): Definitions {
  const counts = new Map<string, number>()
  const count = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const text = JSON.stringify(value)
    if (isSchema(value) && text.length >= sharedLengthMin) {
      const seen = (counts.get(text) ?? 0) + 1
      counts.set(text, seen)
      if (seen > 1) return
    }
    for (const one of Object.values(value)) count(one)
  }
  for (const schema of Object.values(definitions)) count(schema)
  const named = new Map<string, string>()
  const parts: Record<string, Schema> = {}
  const replace = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const text = JSON.stringify(value)
    if (isSchema(value) && (counts.get(text) ?? 0) > 1) {
      let name = named.get(text)
      if (name === undefined) {
        name = `${Object.keys(definitions)[0] ?? ''}/part${named.size + 1}`
        named.set(text, name)
        parts[name] = inside(value) as Schema
      }
      return { $ref: `#/${name}` }
    }
    return inside(value)
  }
  const inside = (value: object): unknown =>
    Array.isArray(value)
      ? value.map(replace)
      : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replace(one)]))
  const whole = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, inside(schema) as Schema]),
  )
  return { ...whole, ...parts }
}

function isSchema(value: object): boolean {
  const { type, properties, items } = value as { type?: unknown; properties?: unknown; items?: unknown }
  return typeof type === 'string' && (typeof properties === 'object' || typeof items === 'object')
}

function missing(name: string): never {
  throw new Error(`the API server's description has no ${name}`)
}
