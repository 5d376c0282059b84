import { escapePointer } from '../load/walk.ts'
import { nearest } from '../validate/nearest.ts'
import { type Finding, isObject, type Loose, quoted } from './finding.ts'
import { isQuantity, isWhole, misformed } from './formats.ts'
import { fieldOf, itemsOf, nodeOf, restOf, type SchemaNode } from './node.ts'
import { type Definitions, type ObjectSchema, resolved } from './schemas.ts'

/*
 * Walks an object along its schema as the API server does when fields that it does not know are refused (`kubectl --validate=strict`). Those
 * schemas are «structural»: what an object may hold is said once, on one path, so that one look at each value is enough and nothing has to be
 * made of a schema before. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */

const findingsMax = 100

interface Walk {
  readonly definitions: Definitions
  /** A custom resource: the server takes null only where its schema says so, and holds lists to their keys. */
  readonly custom: boolean
  readonly findings: Finding[]
  /** The way to where the walk is; it becomes a pointer only where something is told. */
  readonly steps: (string | number)[]
}

/** Everything about an object that does not fit the schema of its kind. @param root as `definitions['batch/v1/Job']` */
export function checkSchema(value: unknown, root: ObjectSchema, definitions: Definitions): readonly Finding[] {
  const findings: Finding[] = []
  const custom = root['x-kubernetes-custom'] === true
  walk(value, nodeOf(root, definitions), { definitions, custom, findings, steps: [] })
  return findings
}

function walk(value: unknown, node: SchemaNode, at: Walk): void {
  if (typeof value === node.plain || at.findings.length >= findingsMax) return
  const { schema } = node
  if (value === null) {
    if (at.custom && schema.nullable !== true && schema.default === undefined) tell(at, 'may not be null')
    return
  }
  if (node.isNumberOrText) {
    if (typeof value !== 'string' && !(typeof value === 'number' && isWhole(value, undefined)))
      tell(at, `is ${quoted(value)}, and must be a whole number or a text`)
    else checkValue(value, schema, at)
    return
  }
  if (node.isQuantity) {
    if (!isQuantity(value)) tell(at, `is ${quoted(value)}, which is no quantity`, 'write it as 500m, 2 or 8Gi')
    return
  }
  if (!hasType(value, node, at)) return
  if (Array.isArray(value)) walkList(value, node, at)
  else if (typeof value === 'object') walkObject(value as Loose, node, at)
  if (node.asksMore) checkValue(value, schema, at)
}

function hasType(value: unknown, { type, format }: SchemaNode, at: Walk): boolean {
  if (type === undefined) return true
  const fits =
    type === 'array'
      ? Array.isArray(value)
      : type === 'object'
        ? isObject(value)
        : type === 'integer'
          ? typeof value === 'number' && isWhole(value, format)
          : typeof value === type
  if (fits) return true
  const called = { array: 'a list', object: 'a mapping', integer: 'a whole number', boolean: 'true or false' }
  const wanted = type === 'string' || type === 'number' ? `a ${type === 'string' ? 'text' : 'number'}` : called[type]
  const hint = type === 'string' && typeof value !== 'object' ? 'quote it' : undefined
  tell(at, `is ${quoted(value)}, and must be ${wanted}`, hint)
  return false
}

function walkList(list: readonly unknown[], node: SchemaNode, at: Walk): void {
  const { schema } = node
  const items = itemsOf(node, at.definitions)
  if (items)
    for (let index = 0; index < list.length; index += 1) {
      if (typeof list[index] === items.plain) continue
      at.steps.push(index)
      // The server makes an empty entry of it, which says something else than nothing.
      if (list[index] === null && !at.custom) tell(at, 'is null', 'write the entry, or leave it out')
      else walk(list[index], items, at)
      at.steps.pop()
    }
  if (!at.custom) return
  const keys = schema['x-kubernetes-list-map-keys']
  const isSet = schema['x-kubernetes-list-type'] === 'set' || schema.uniqueItems === true
  if (!isSet && keys === undefined) return
  const seen = new Set<string>()
  list.forEach((one, index) => {
    const identity = isSet || keys === undefined ? one : keys.map((key) => (isObject(one) ? one[key] : undefined))
    const text = JSON.stringify(identity)
    at.steps.push(index)
    if (seen.has(text)) tell(at, 'is there twice')
    at.steps.pop()
    seen.add(text)
  })
}

function walkObject(value: Loose, node: SchemaNode, at: Walk): void {
  const { schema } = node
  const open = at.custom ? node.keepsUnknown : node.takesAnything
  for (const key in value) {
    const part = value[key]
    const known = fieldOf(node, key, at.definitions) ?? restOf(node, at.definitions)
    if (known === undefined) {
      if (open || schema.additionalProperties === true || isEmbedded(schema, key)) continue
    } else if (typeof part === known.plain) continue
    at.steps.push(key)
    if (known === undefined) unknownField(key, schema, at)
    else if (part === null && known.isQuantity && !at.custom && schema.properties === undefined)
      tell(at, 'is null, which counts as 0', 'write a quantity, or leave it out')
    else walk(part, known, at)
    at.steps.pop()
  }
  for (const key of node.required) {
    if (value[key] !== undefined && (value[key] !== null || at.custom)) continue
    const { default: fallback } = resolved(schema.properties?.[key] ?? {}, at.definitions)
    if (fallback === undefined) tell(at, `lacks ${key}`)
  }
}

function isEmbedded(schema: ObjectSchema, key: string): boolean {
  return schema['x-kubernetes-embedded-resource'] === true && ['apiVersion', 'kind', 'metadata'].includes(key)
}

function unknownField(key: string, { properties }: ObjectSchema, at: Walk): void {
  if (at.findings.length >= findingsMax) return
  const known = Object.keys(properties ?? {})
  const near = nearest(key, known)
  const hint = near === undefined ? undefined : `did you mean ${near}?`
  at.findings.push({
    pointer: pointerOf(at),
    message: 'is no field there',
    key: true,
    ...(hint === undefined ? {} : { hint }),
  })
}

/** What a schema says of values beside their type. */
function checkValue(value: unknown, schema: ObjectSchema, at: Walk): void {
  if (schema.enum && !schema.enum.includes(value))
    tell(at, `is ${quoted(value)}`, `use one of: ${schema.enum.map(String).join(', ')}`)
  if (typeof value === 'string') checkText(value, schema, at)
  else if (typeof value === 'number') checkNumber(value, schema, at)
  else if (Array.isArray(value)) bounds(value.length, schema.minItems, schema.maxItems, 'entries', at)
  else if (isObject(value) && (schema.minProperties !== undefined || schema.maxProperties !== undefined))
    bounds(Object.keys(value).length, schema.minProperties, schema.maxProperties, 'keys', at)
  if (schema.allOf || schema.anyOf || schema.oneOf || schema.not) combine(value, schema, at)
}

function checkText(text: string, schema: ObjectSchema, at: Walk): void {
  const { format, pattern, minLength, maxLength } = schema
  if (minLength !== undefined || maxLength !== undefined)
    bounds([...text].length, minLength, maxLength, 'characters', at)
  const wanted = format === undefined ? undefined : misformed(text, format)
  if (wanted !== undefined) tell(at, `is ${quoted(text)}, and must be ${wanted}`)
  if (pattern !== undefined && !expression(pattern).test(text))
    tell(at, `is ${quoted(text)}, which does not match ${pattern}`)
}

function checkNumber(value: number, schema: ObjectSchema, at: Walk): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  if (minimum !== undefined && (value < minimum || (exclusiveMinimum === true && value === minimum)))
    tell(at, `is ${value}, and must be ${exclusiveMinimum === true ? 'more than' : 'at least'} ${minimum}`)
  if (maximum !== undefined && (value > maximum || (exclusiveMaximum === true && value === maximum)))
    tell(at, `is ${value}, and must be ${exclusiveMaximum === true ? 'less than' : 'at most'} ${maximum}`)
  if (multipleOf !== undefined && value % multipleOf !== 0)
    tell(at, `is ${value}, and must be a multiple of ${multipleOf}`)
}

function bounds(count: number, least: number | undefined, most: number | undefined, of: string, at: Walk): void {
  if (least !== undefined && count < least) tell(at, `has ${count} ${of}, and must have at least ${least}`)
  if (most !== undefined && count > most) tell(at, `has ${count} ${of}, and may have at most ${most}`)
}

/** Alternatives say nothing of which fields there are: they hold values to more, and none of them makes a field known. */
function combine(value: unknown, schema: ObjectSchema, at: Walk): void {
  const fits = (one: ObjectSchema): boolean => {
    const tried: Walk = { ...at, custom: false, findings: [] }
    walk(value, loose(one, at), tried)
    return tried.findings.length === 0
  }
  for (const one of schema.allOf ?? []) {
    const tried: Walk = { ...at, custom: false, findings: [] }
    walk(value, loose(one, at), tried)
    at.findings.push(...tried.findings.filter(({ key }) => key !== true))
  }
  if (schema.anyOf && !schema.anyOf.some(fits)) tell(at, 'fits none of the forms that it may have')
  if (schema.oneOf && schema.oneOf.filter(fits).length !== 1)
    tell(at, 'must fit exactly one of the forms that it may have')
  if (schema.not && fits(schema.not)) tell(at, 'has a form that it may not have')
}

/** An alternative that takes fields which it does not name. */
function loose(one: ObjectSchema, { definitions }: Walk): SchemaNode {
  let node = looseNodes.get(one)
  if (!node) {
    node = nodeOf({ 'x-kubernetes-preserve-unknown-fields': true, ...one }, definitions)
    looseNodes.set(one, node)
  }
  return node
}

const looseNodes = new WeakMap<ObjectSchema, SchemaNode>()
const expressions = new Map<string, RegExp>()

/** Go's expressions and ours agree on what custom resources use; `(?i)` at the beginning is Go's alone. */
function expression(pattern: string): RegExp {
  let known = expressions.get(pattern)
  if (!known) {
    const insensitive = pattern.startsWith('(?i)')
    known = new RegExp(insensitive ? pattern.slice(4) : pattern, insensitive ? 'i' : '')
    expressions.set(pattern, known)
  }
  return known
}

function tell(at: Walk, message: string, hint?: string): void {
  at.findings.push({ pointer: pointerOf(at), message, ...(hint === undefined ? {} : { hint }) })
}

function pointerOf({ steps }: Walk): string {
  return steps.map((step) => `/${typeof step === 'number' ? step : escapePointer(step)}`).join('')
}
