import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * The schemas that the compiler checks rendered manifests by, as kubeconform wants them: a file for each kind, which refuses what it does not name.
 */

type Definitions = Readonly<Record<string, object>>

const kinds = { 'batch/v1/Job': 'job-batch-v1' } as const
const overrides: Definitions = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { oneOf: [{ type: 'string' }, { type: 'integer' }] },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
}

/**
 * Writes them into a folder.
 * @param vendored file of a version in `schemas/kubernetes/`
 * @returns the place as kubeconform's `-schema-location` has it
 */
export function writeKubeconformSchemas(folder: string, vendored: string): string {
  const all = JSON.parse(readFileSync(vendored, 'utf8')) as Definitions
  mkdirSync(folder, { recursive: true })
  for (const [name, file] of Object.entries(kinds)) {
    const definitions = Object.fromEntries(
      [...usedBy(name, all)].map((one) => [one, overrides[one] ?? closed(all[one])]),
    )
    const schema = { ...definitions[name], definitions }
    writeFileSync(
      join(folder, `${file}.json`),
      JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"#/definitions/'),
    )
  }
  return join(folder, '{{ .ResourceKind }}{{ .KindSuffix }}.json')
}

function usedBy(name: string, all: Definitions, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(name)) return found
  found.add(name)
  for (const [, next = ''] of JSON.stringify(all[name] ?? {}).matchAll(/"\$ref":"#\/([^"]+)"/g))
    usedBy(next, all, found)
  return found
}

/** Where fields are named, no others are taken. */
function closed(node: unknown): object {
  if (Array.isArray(node)) return node.map((one) => (typeof one === 'object' && one !== null ? closed(one) : one))
  const entries = Object.entries(node as object).map(([key, one]) => [
    key,
    typeof one === 'object' && one !== null ? closed(one) : one,
  ])
  const made = Object.fromEntries(entries) as Record<string, unknown>
  const isOpen = 'additionalProperties' in made || made['x-kubernetes-preserve-unknown-fields'] === true
  return 'properties' in made && !isOpen ? { ...made, additionalProperties: false } : made
}
