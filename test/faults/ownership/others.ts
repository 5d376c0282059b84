import type { KubernetesObject } from '../../cluster/base/kubernetes.ts'
import type { Cluster } from '../../cluster/support/cluster.ts'
import type { Findings } from '../promise.ts'
import type { Random } from '../random.ts'

/*
 * The other writers of an object: each with its own name, its own fields, and its own way of writing them.
 */

/** Where a field is, from the root of its object, and what stands there. */
export interface Field {
  readonly manager: string
  readonly path: readonly string[]
  readonly value: string | number
}

const managers = ['kubectl-edit', 'policy-controller', 'backup', 'injector', 'a-vault', 'argocd-controller'] as const

/** Fields that nobody but others writes. @param own places for them that only this kind of object has */
export function fieldsOfOthers(random: Random, own: readonly (readonly string[])[]): readonly Field[] {
  const many = random.between(1, 3)
  return random
    .shuffled(managers)
    .slice(0, many)
    .flatMap((manager) =>
      Array.from({ length: random.between(1, 3) }, (_, index) => {
        const place = random.pick([['metadata', 'labels'], ['metadata', 'annotations'], ...own])
        // A field of the object's own kind is one alone; a map has room for one of each.
        const path = place[0] === 'spec' ? place : [...place, `${manager}.example.com-${index}`.replaceAll('/', '-')]
        return { manager, path, value: place[0] === 'spec' ? random.between(1, 50) : valueFor(place, random) }
      }),
    )
    .filter((one, index, all) => all.findIndex((other) => other.path.join() === one.path.join()) === index)
}

function valueFor(place: readonly string[], random: Random): string {
  const text = `value-${random.between(1, 1_000_000)}`
  return place[0] === 'data' ? Buffer.from(text).toString('base64') : text
}

/**
 * Writes the fields of one manager, by server-side apply or by a merge patch.
 * @throws Error when the API server refuses
 */
export async function writeAs(
  { kubernetes }: Cluster,
  path: string,
  head: Pick<KubernetesObject, 'apiVersion' | 'kind'> & { readonly name: string },
  fields: readonly Field[],
  how: 'apply' | 'merge',
): Promise<void> {
  const body: Record<string, unknown> = {}
  for (const field of fields) put(body, field.path, field.value)
  if (how === 'apply') {
    Object.assign(body, { apiVersion: head.apiVersion, kind: head.kind })
    put(body, ['metadata', 'name'], head.name)
  }
  const type = how === 'apply' ? 'application/apply-patch+yaml' : 'application/merge-patch+json'
  const manager = `fieldManager=${fields[0]?.manager ?? ''}${how === 'apply' ? '&force=true' : ''}`
  const answer = await kubernetes.request('PATCH', `${path}?${manager}`, body, type)
  if (answer.status >= 300) throw new Error(`${path} was not written: ${answer.status} ${answer.body}`)
}

/** Each field still has its value, and the API server still knows who wrote it. @returns how many were taken */
export function expectKept(object: KubernetesObject, fields: readonly Field[], findings: Findings): number {
  const entries = (object.metadata['managedFields'] ?? []) as readonly { manager: string; fieldsV1: unknown }[]
  let taken = 0
  for (const { manager, path, value } of fields) {
    const there = at(object, path)
    const known = entries.some(
      (one) =>
        one.manager === manager &&
        at(
          one.fieldsV1,
          path.map((step) => `f:${step}`),
        ),
    )
    if (there === value && known) continue
    taken += 1
    findings.expect(false, () => {
      const said = there === value ? 'is no longer known as its own' : `is ${JSON.stringify(there)}, not ${value}`
      return `${object.kind} ${object.metadata.name}: ${path.join('.')} of ${manager} ${said}`
    })
  }
  return taken
}

export function at(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], object)
}

function put(object: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [step = '', ...rest] = path
  if (rest.length === 0) object[step] = value
  else put((object[step] ??= {}) as Record<string, unknown>, rest, value)
}
