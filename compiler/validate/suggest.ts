import type { SpecKind } from '../../domain/specs.generated.ts'
import { nearest } from './nearest.ts'
import { type SchemaNode, schemas } from './schemas.ts'
import { described, shortExample } from './words.ts'

const elsewhereMax = 3

/** The remedy for a key that is not known: the nearest one, where else it is known, or all that are known here. */
export function unknownKeyHint(kind: SpecKind, key: string, schema: SchemaNode): string {
  const known = Object.keys(schema.properties ?? {})
  if (key === '<<') return 'merge keys do not exist in YAML 1.2: write the values out'
  const glued = /^([A-Za-z]\w*):\S/.exec(key)?.[1] ?? (key.endsWith(':') ? key.slice(0, -1) : undefined)
  if (glued !== undefined && known.includes(glued)) return `put a space behind the colon: ${glued}: …`
  const near = nearest(key, known)
  if (near !== undefined) return `did you mean "${near}"?`
  const elsewhere = placesOfKeys(kind)
  const meant = nearest(key, [...elsewhere.keys()])
  const paths = meant === undefined ? [] : (elsewhere.get(meant) ?? [])
  if (meant !== undefined && paths.length > 0 && paths.length <= elsewhereMax) {
    const where = paths.map((path) => path || 'the top of the document').join(' or ')
    return meant === key ? `"${key}" belongs into ${where}` : `did you mean "${meant}"? It belongs into ${where}`
  }
  return `known here: ${known.join(', ')}`
}

/** Made once: a document of thousands of wrong keys asks for each of them. */
const keysOfKinds = new Map<SpecKind, ReadonlyMap<string, readonly string[]>>()

/** Every key of a kind, with the mappings that know it, as dotted paths. */
function placesOfKeys(kind: SpecKind): ReadonlyMap<string, readonly string[]> {
  const known = keysOfKinds.get(kind)
  if (known) return known
  const found = new Map<string, Set<string>>()
  const visit = (schema: SchemaNode, path: string): void => {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      found.set(name, (found.get(name) ?? new Set()).add(path))
      visit(property, path === '' ? name : `${path}.${name}`)
    }
    for (const alternative of schema.anyOf ?? []) visit(alternative, path)
  }
  visit(schemas[kind], '')
  const places = new Map([...found].map(([name, paths]) => [name, [...paths]]))
  keysOfKinds.set(kind, places)
  return places
}

/** The remedy for a text of the wrong form: a near text of the right one, and the form with an example. */
export function formHint(found: unknown, schema: SchemaNode): string | undefined {
  const near = typeof found === 'string' ? nearForm(found, schema) : undefined
  const example = shortExample(schema)
  const parts = [
    near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`,
    schema.description,
    near !== undefined || example === undefined ? undefined : `Example: ${example}`,
  ]
  return parts.filter((part) => part !== undefined).join(' ') || undefined
}

/** A text of the right form that somebody who wrote another one may have meant. */
function nearForm(text: string, schema: SchemaNode): string | undefined {
  if (schema.pattern === undefined || text.length > 200) return undefined
  const form = new RegExp(schema.pattern, 'u')
  const fits = (candidate: string): boolean =>
    candidate !== text && form.test(candidate) && candidate.length <= (schema.maxLength ?? Number.POSITIVE_INFINITY)
  return [...quantities(text), ...spellings(text, allowsParts(form))].find(fits)
}

/** Whether a form has names of several parts, such as hosts and paths: of those no name of one part is made. */
function allowsParts(form: RegExp): boolean {
  return ['a.b', 'a/b', 'a.b/c', '/a', 'https://a/b', 'a/b:1'].some((text) => form.test(text))
}

/** `8 GB` and `8gb` may be 8G; `8 gib` 8Gi; `2 cores` 2. */
function quantities(text: string): readonly string[] {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text) ?? []
  if (number === undefined) return []
  const letter = unit.charAt(0)
  if (/^(cores?|cpus?|vcpus?)$/i.test(unit)) return [number]
  if (/^(millicores?|mcpu|milli)$/i.test(unit)) return [`${number}m`]
  const scale = letter.toLowerCase() === 'k' ? 'k' : letter.toUpperCase()
  const binary = /^[kmgt]i/i.test(unit)
  return /^[kmgt](i?b?|bytes?)$/i.test(unit)
    ? [`${number}${binary ? `${scale.toUpperCase()}i` : scale}`]
    : [`${number}${unit}`]
}

function spellings(text: string, hasParts: boolean): readonly string[] {
  const trimmed = text.trim()
  const letters = trimmed
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
  const name = hasParts ? partsOf(letters) : letters.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '')
  const variable =
    hasParts && /[./]/.test(trimmed) ? '' : trimmed.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_')
  return [trimmed, `/${trimmed.replace(/^\/+/, '')}`, `https://${trimmed}`, `sha256:${trimmed}`, name, variable].filter(
    (one) => one !== '/' && one !== '' && one !== 'https://',
  )
}

/** With its points and slashes, each part written as a name. */
function partsOf(letters: string): string {
  return letters
    .replaceAll(/[^a-z0-9./]+/g, '-')
    .replaceAll(/-*([./])[-./]*/g, '$1')
    .replaceAll(/^[-./]+|[-./]+$/g, '')
}

/** The remedy for a value that is none of those allowed. */
export function allowedHint(found: unknown, allowed: readonly unknown[]): string {
  const texts = allowed.filter((one): one is string => typeof one === 'string')
  const near = typeof found === 'string' ? nearest(found, texts) : undefined
  const list = allowed.map((one) => described(one)).join(', ')
  return near === undefined ? `use one of: ${list}` : `did you mean "${near}"? Allowed: ${list}`
}
