import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kubernetes } from '../base/kubernetes.ts'

/*
 * JSON Schemas of every kind that the API server knows, made of its own OpenAPI document: kubeconform's usual ones come from the internet, and are
 * of other versions. A field that the server does not know is refused, as `-strict` wants it.
 */

interface OpenApi {
  readonly definitions: Readonly<Record<string, Definition>>
}

interface Definition {
  readonly properties?: Readonly<Record<string, unknown>>
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[]
}

/** What OpenAPI v2 calls a string and what is also taken as a number. */
const overrides: Readonly<Record<string, object>> = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { oneOf: [{ type: 'string' }, { type: 'integer' }] },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: ['string', 'null'], format: 'date-time' },
}

/** The place of a schema as kubeconform's `-schema-location` writes it. */
export function schemaLocation(folder: string): string {
  return join(folder, '{{ .ResourceKind }}{{ .KindSuffix }}.json')
}

/** Writes one file for each kind into the folder. @returns how many */
export async function writeSchemas(kubernetes: Kubernetes, folder: string): Promise<number> {
  const answer = await kubernetes.request('GET', '/openapi/v2')
  if (answer.status !== 200) throw new Error(`GET /openapi/v2: ${answer.status} ${answer.body}`)
  const { definitions } = JSON.parse(answer.body) as OpenApi
  const closed = new Map(Object.entries(definitions).map(([name, one]) => [name, overrides[name] ?? close(one)]))
  mkdirSync(folder, { recursive: true })
  let count = 0
  for (const [name, definition] of Object.entries(definitions))
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      const schema = closed.get(name) as Definition
      const apiVersion = { type: 'string', enum: [group === '' ? version : `${group}/${version}`] }
      const properties = { ...schema.properties, apiVersion, kind: { type: 'string', enum: [kind] } }
      const used = Object.fromEntries([...usedBy(schema, closed)].map((one) => [one, closed.get(one)]))
      const suffix = group === '' ? `-${version}` : `-${group.split('.')[0]}-${version}`
      const path = join(folder, `${kind.toLowerCase()}${suffix}.json`)
      writeFileSync(path, JSON.stringify({ ...schema, properties, definitions: used }))
      count += 1
    }
  return count
}

/** Where fields are named, no others are taken. */
function close(node: unknown): object {
  return closeAny(node) as object
}

function closeAny(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closeAny)
  if (typeof node !== 'object' || node === null) return node
  const closed = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closeAny(value)]))
  if (closed['x-kubernetes-int-or-string'] === true) return { oneOf: [{ type: 'string' }, { type: 'integer' }] }
  const isOpen = 'additionalProperties' in closed || closed['x-kubernetes-preserve-unknown-fields'] === true
  return closed['type'] === 'object' && 'properties' in closed && !isOpen
    ? { ...closed, additionalProperties: false }
    : closed
}

/** Names of the definitions that a schema refers to, directly or not. */
function usedBy(schema: object, all: ReadonlyMap<string, object>, found = new Set<string>()): ReadonlySet<string> {
  for (const [, name = ''] of JSON.stringify(schema).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
    if (found.has(name)) continue
    found.add(name)
    usedBy(all.get(name) ?? {}, all, found)
  }
  return found
}
