import type { Json, JsonObject } from '../../../domain/canonical.ts'
import { type Definitions, type ObjectSchema, resolved } from '../../../compiler/manifest/schemas.ts'
import { at, type Change, changed } from './change.ts'
import { richPods } from './rich-pods.ts'

/*
 * Every field that a pod can have, by the server's own schema, with values that fields of its type are often wrong with. What is tried is not
 * chosen by somebody who knows which rules are checked, so that a rule which nobody thought of is found.
 */

const long = (count: number): string => 'a'.repeat(count)

/** Values for a field of a type; the order is that of the record. */
const values: Readonly<Record<string, readonly (Json | undefined)[]>> = {
  string: [
    ...[
      undefined,
      null,
      '',
      'a',
      'Upper',
      'with space',
      'a_b',
      'a.b',
      '-x',
      '../x',
      '/abs',
      'a/b',
      'a/b/c',
      'ü',
      'a:b',
    ],
    ...[' a', 'a=b', '1.2.3.4', long(64), long(254), 5],
  ],
  integer: [undefined, null, -1, 0, 1, 5, 101, 512, 65_536, 2_147_483_648, 1.5, '1'],
  boolean: [undefined, null, true, false, 'true'],
  quantity: [undefined, null, '-1', '0', '1', '1.5', '500m', '1Ki', '1e3', '1GiB', 'x', 1, 1.5, -1],
  either: [undefined, null, -1, 0, 1, 65_536, 'http', 'UPPER', '80', 'a--b', '', long(16), 1.5],
  object: [undefined, null, {}, [], 'x'],
  array: [undefined, null, [], {}, [null], [{}]],
}
const keys = [
  ...['', 'a', 'Bad Key', 'a/b', 'a/b/c', '-x', 'A.B/c', long(64), 'cpu', 'memory', 'storage', 'hugepages-2Mi'],
  ...['nvidia.com/gpu', 'requests.nvidia.com/gpu', 'kubernetes.io/x', 'ephemeral-storage'],
]

/** Changes of one field. */
export interface FieldChanges {
  /** Which pod, and the field of it. */
  readonly title: string
  objects(): readonly Json[]
}

/** @returns for each pod, and each field of it, what it is changed into */
export function everyField(namespace: string, definitions: Definitions): readonly FieldChanges[] {
  const job = resolved(definitions['batch/v1/Job'] ?? {}, definitions)
  const template = ['spec', 'template'].reduce(
    (schema, field) => resolved(schema.properties?.[field] ?? {}, definitions),
    job,
  )
  // A field that several pods lack is tried once.
  const absent = new Set<string>()
  return richPods.flatMap(([about, spec]) => {
    const base = jobOf(namespace, spec)
    const written = { metadata: { labels: { app: 'trainer' } }, spec: { restartPolicy: 'Never', ...spec } }
    return [...fields(written, template, '/spec/template', definitions, absent)].map(([field, changes]) => ({
      title: `${about} ${field}`,
      objects: () => changes.map((change) => changed(base, change)),
    }))
  })
}

/** A Job around the spec of a pod. */
export function jobOf(namespace: string, spec: JsonObject): Json {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'letters', namespace },
    spec: {
      backoffLimit: 0,
      template: { metadata: { labels: { app: 'trainer' } }, spec: { restartPolicy: 'Never', ...spec } },
    },
  }
}

type Fields = Generator<readonly [field: string, changes: readonly Change[]]>

function* fields(
  node: Json | undefined,
  schema: ObjectSchema,
  pointer: string,
  definitions: Definitions,
  absent: Set<string>,
): Fields {
  const part = (of: ObjectSchema): ObjectSchema => resolved(of, definitions)
  const type = typeOf(schema)
  const plain = type === undefined ? undefined : values[type]
  if (plain) yield [pointer, at(pointer, ...plain)]
  if (Array.isArray(node)) {
    const list = node as readonly Json[]
    const [first] = list
    if (first !== undefined)
      yield [`${pointer}, more than once`, at(pointer, [...list, first], [...list, ...list, ...repeated(first)])]
    for (const [index, one] of list.entries())
      yield* fields(one, part(schema.items ?? {}), `${pointer}/${index}`, definitions, absent)
  } else if (schema.properties) {
    yield [`${pointer}, with more`, at(`${pointer}/unknownThing`, 1)]
    const has = isMapping(node) ? node : {}
    for (const [key, field] of Object.entries(schema.properties)) {
      const where = `${pointer}/${key}`
      const general = where.replaceAll(/\/\d+(?=\/|$)/g, '/*')
      if (key === 'managedFields' || (has[key] === undefined && absent.has(general))) continue
      if (has[key] === undefined) absent.add(general)
      yield* fields(has[key], part(field), where, definitions, absent)
    }
  } else if (typeof schema.additionalProperties === 'object') {
    const of = typeOf(part(schema.additionalProperties)) ?? 'string'
    yield [
      `${pointer}, by key`,
      keys.map((key) => [`${pointer}/${key.replaceAll('/', '~1')}`, of === 'quantity' ? '1' : 'v'] as const),
    ]
    for (const key of Object.keys(isMapping(node) ? node : {}))
      yield [`${pointer}/${key}`, at(`${pointer}/${key.replaceAll('/', '~1')}`, ...(values[of] ?? []))]
  } else if (type === 'array') {
    const of = values[typeOf(part(schema.items ?? {})) ?? '']
    if (of) yield [`${pointer}, of one`, of.slice(2).map((one) => [pointer, [one ?? null]] as const)]
  }
}

function typeOf(schema: ObjectSchema): string | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return 'either'
  return schema.format === 'quantity' ? 'quantity' : schema.type
}

function repeated(one: Json): readonly Json[] {
  return Array.from({ length: 300 }, () => one)
}

function isMapping(node: Json | undefined): node is JsonObject {
  return typeof node === 'object' && node !== null && !Array.isArray(node)
}
