import { isMap, isScalar, parseAllDocuments, stringify, type Document as YamlDocument, type YAMLMap } from 'yaml'
import type { Json } from '../../domain/canonical.ts'
import { Fault } from '../../domain/fault.ts'
import { loadDocuments } from './document.ts'

/** Which document of a file is meant. */
export interface SpecName {
  readonly kind: string
  readonly project: string
  readonly name: string
}

/**
 * Sets one value of one spec in the text of its file, by the names of the mappings on the way, which are made where they are missing.
 * Everything else stays as it is, comments and layout too.
 * @throws Fault FILE_FAILED when the text does not hold that spec, cannot be read, or has something else than a mapping on the way
 */
export function setValue(text: string, wanted: SpecName, path: readonly string[], value: Json): string {
  const document = findSpec(text, wanted)
  let map = document.contents as unknown as YAMLMap
  for (const [index, key] of path.entries()) {
    const rest = path.slice(index + 1)
    const node: unknown = map.get(key, true)
    if (isMap(node) && rest.length > 0 && node.range) {
      map = node
      continue
    }
    const written = flow(nested(rest, value))
    if (node === undefined) return insert(text, map, key, written)
    const range = (node as { range?: readonly number[] | null }).range
    // A key without a value: what is written there begins right after the colon.
    const isEmpty = isScalar(node) && node.source === '' && node.value === null
    if (!range || (rest.length > 0 && !isEmpty)) throw blocked(wanted, path.slice(0, index + 1))
    const [from = 0, to = 0] = range
    return `${text.slice(0, from)}${isEmpty && text[from - 1] === ':' ? ' ' : ''}${written}${text.slice(to)}`
  }
  return text
}

/** The document that is meant, by the parser that knows where everything stands. @throws Fault FILE_FAILED */
export function findSpec(text: string, wanted: SpecName): YamlDocument {
  // The guard of the loader comes first: not every text may be shown to the parser that keeps comments.
  const loaded = loadDocuments({ path: 'spec', bytes: new TextEncoder().encode(text) })
  const documents = loaded.problems.length > 0 ? [] : (parseAllDocuments(text) as readonly YamlDocument[])
  const found = documents.find((document) => {
    const name = [document.get('kind'), document.getIn(['metadata', 'project']), document.getIn(['metadata', 'name'])]
    return name.join(' ') === `${wanted.kind} ${wanted.project} ${wanted.name}`
  })
  if (!found || !isMap(found.get('spec')))
    throw new Fault('FILE_FAILED', `the file no longer holds ${wanted.kind} ${wanted.project}/${wanted.name}`, {
      retry: 'never',
      hint: 'restore the spec, then ask again',
    })
  return found
}

/** Puts a key in front of the others of a mapping, or into an empty one. */
function insert(text: string, map: YAMLMap, key: string, written: string): string {
  const [from = 0] = map.range ?? []
  if (map.flow) {
    const begin = from + 1
    return map.items.length === 0
      ? `${text.slice(0, begin)} ${key}: ${written} ${text.slice(begin).trimStart()}`
      : `${text.slice(0, begin)} ${key}: ${written},${text.slice(begin)}`
  }
  const indent = ' '.repeat(from - (text.lastIndexOf('\n', from - 1) + 1))
  return `${text.slice(0, from)}${key}: ${written}\n${indent}${text.slice(from)}`
}

function nested(path: readonly string[], value: Json): Json {
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value)
}

function flow(value: Json): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()
}

function blocked(wanted: SpecName, path: readonly string[]): Fault {
  return new Fault(
    'FILE_FAILED',
    `${path.join('.')} of ${wanted.kind} ${wanted.project}/${wanted.name} is no mapping`,
    {
      retry: 'never',
      hint: 'write the change by hand',
    },
  )
}
