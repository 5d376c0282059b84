import type { Policy } from '../../domain/specs.generated.ts'

/** An object as Kubernetes would get it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** Empty where the manifest names none. */
  readonly namespace: string
  readonly object: Readonly<Record<string, unknown>>
}

type Rule = Policy['spec']['matchConstraints']['resourceRules'][number]

/** The manifest that a value is; undefined for what is none. */
export function manifestOf(value: unknown): Manifest | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { apiVersion, kind, metadata } = value as Record<string, unknown>
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
  const { name, namespace } = (metadata ?? {}) as Record<string, unknown>
  const text = (one: unknown): string => (typeof one === 'string' ? one : '')
  return { apiVersion, kind, name: text(name), namespace: text(namespace), object: value as Manifest['object'] }
}

export function groupAndVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const [group, version] = apiVersion.split('/')
  return version === undefined ? { group: '', version: apiVersion } : { group: group ?? '', version }
}

/** Whether a rule is about manifests of this kind. */
export function fits(rule: Rule, { apiVersion, kind }: Manifest): boolean {
  const { group, version } = groupAndVersion(apiVersion)
  const has = (list: readonly string[], one: string): boolean => list.includes('*') || list.includes(one)
  return has(rule.apiGroups, group) && has(rule.apiVersions, version) && has(rule.resources, plural(kind))
}

/** The resource of a kind, by the rule that Kubernetes and its generators keep to. */
export function plural(kind: string): string {
  const word = kind.toLowerCase()
  if (/(?:s|x|z|ch|sh)$/.test(word)) return `${word}es`
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`
}
