import { type Definitions, type ObjectSchema, resolved } from './schemas.ts'

/**
 * A schema with what a walk asks of it again and again, found out once. All nodes have the same parts, in one order, and so one form for the engine;
 * schemas have each their own, and a part of one takes it many times as long to find.
 */
export interface SchemaNode {
  /** Never a reference. */
  readonly schema: ObjectSchema
  readonly type: ObjectSchema['type']
  readonly format: ObjectSchema['format']
  /** Values of this type need no further look. */
  readonly plain: 'string' | 'boolean' | undefined
  /** Whether the schema says more of a value than its type and its parts. */
  readonly asksMore: boolean
  readonly isQuantity: boolean
  readonly isNumberOrText: boolean
  /** Whether fields that the schema does not name are kept. */
  readonly keepsUnknown: boolean
  /** The same of the server's own kinds, where an object without any field takes all; a custom resource's is emptied by the server. */
  readonly takesAnything: boolean
  readonly required: readonly string[]
  /** Of the fields that have been met; there are no others than the schema names. */
  readonly fields: Map<string, SchemaNode>
  /** Of the parts of a list, and of the fields that are not named: undefined where the schema has none, null where nobody has asked yet. */
  items: SchemaNode | undefined | null
  rest: SchemaNode | undefined | null
}

const nodes = new WeakMap<ObjectSchema, SchemaNode>()

/** @param written may be a reference */
export function nodeOf(written: ObjectSchema, definitions: Definitions): SchemaNode {
  const schema = resolved(written, definitions)
  let node = nodes.get(schema)
  if (!node) {
    node = made(schema)
    nodes.set(schema, node)
  }
  return node
}

/** The node of a field that the schema names. */
export function fieldOf(node: SchemaNode, key: string, definitions: Definitions): SchemaNode | undefined {
  const known = node.fields.get(key)
  if (known) return known
  const { properties } = node.schema
  const written = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined
  if (written === undefined) return undefined
  const field = nodeOf(written, definitions)
  node.fields.set(key, field)
  return field
}

export function itemsOf(node: SchemaNode, definitions: Definitions): SchemaNode | undefined {
  if (node.items === null) node.items = node.schema.items && nodeOf(node.schema.items, definitions)
  return node.items
}

export function restOf(node: SchemaNode, definitions: Definitions): SchemaNode | undefined {
  if (node.rest === null) {
    const { additionalProperties } = node.schema
    node.rest = typeof additionalProperties === 'object' ? nodeOf(additionalProperties, definitions) : undefined
  }
  return node.rest
}

function made(schema: ObjectSchema): SchemaNode {
  const { type, format } = schema
  const isNumber = type === 'integer' || type === 'number'
  const isNumberOrText = schema['x-kubernetes-int-or-string'] === true
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true
  const asksMore =
    isNumberOrText || (format !== undefined && !isNumber) || limits.some((limit) => schema[limit] !== undefined)
  const plain = !asksMore && (type === 'string' || type === 'boolean') ? type : undefined
  return {
    schema,
    type,
    format,
    plain,
    asksMore,
    isQuantity: format === 'quantity',
    isNumberOrText,
    takesAnything: keepsUnknown || schema.properties === undefined,
    keepsUnknown,
    required: schema.required ?? [],
    fields: new Map(),
    items: null,
    rest: null,
  }
}

const limits = [
  ...(['enum', 'pattern', 'minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'] as const),
  ...(['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'] as const),
  ...(['allOf', 'anyOf', 'oneOf', 'not'] as const),
]
