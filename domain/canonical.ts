import { hash } from 'node:crypto'

/** A JSON value as it comes out of a parsed document. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/**
 * Writes JSON with keys in UTF-16 code unit order and no white space, so that equal values have equal bytes; what is undefined becomes null.
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: Json): string {
  const ordered = inOrder(value)
  return ordered === unordered ? writtenByKey(value) : JSON.stringify(ordered)
}

/** The same with a line for each value, indented by two spaces as `JSON.stringify` does it. */
export function canonicalJsonLines(value: Json): string {
  const ordered = inOrder(value)
  return ordered === unordered ? writtenByKey(value, '\n') : JSON.stringify(ordered, null, 2)
}

/** Stands for a value with keys that no object holds in the order wanted. */
const unordered = Symbol('unordered')

/** Every object has its whole numbers first, by their size, and takes `__proto__` for no key of its own. */
const placedByEngine = /^(?:\d|__proto__$)/

/** The same value with the keys of every mapping in order, for the engine to write: the value itself where they are in order already. */
function inOrder(value: Json | undefined): Json | typeof unordered {
  if (typeof value !== 'object' || value === null) return value ?? null
  return isArray(value) ? listInOrder(value) : mappingInOrder(value)
}

function listInOrder(list: readonly Json[]): Json | typeof unordered {
  let copy: Json[] | undefined
  for (let index = 0; index < list.length; index += 1) {
    const item = inOrder(list[index])
    if (item === unordered) return unordered
    if (!copy && item !== list[index]) copy = [...list]
    if (copy) copy[index] = item
  }
  return copy ?? list
}

function mappingInOrder(mapping: JsonObject): Json | typeof unordered {
  const keys = Object.keys(mapping)
  const wasSorted = sort(keys)
  if (!wasSorted && keys.some((key) => placedByEngine.test(key))) return unordered
  let copy: Record<string, Json> | undefined = wasSorted ? undefined : {}
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] ?? ''
    const value = mapping[key]
    const inner = inOrder(value)
    if (inner === unordered) return unordered
    if (!copy && inner !== value) {
      if (Object.hasOwn(mapping, '__proto__')) return unordered
      copy = Object.fromEntries(keys.slice(0, index).map((before) => [before, mapping[before] ?? null]))
    }
    if (copy) copy[key] = inner
  }
  return copy ?? mapping
}

const fewKeys = 32

/** Sorts keys in place, nearly always a few that stand nearly in order. @returns whether they stood so */
function sort(keys: string[]): boolean {
  let wasSorted = true
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index] ?? ''
    if ((keys[index - 1] ?? '') <= key) continue
    wasSorted = false
    if (keys.length > fewKeys) {
      keys.sort()
      break
    }
    let to = index
    for (; to > 0 && (keys[to - 1] ?? '') > key; to -= 1) keys[to] = keys[to - 1] ?? ''
    keys[to] = key
  }
  return wasSorted
}

/** Writes a value key by key, whatever the keys are. @param line where the current line begins, with its line feed; none for no lines at all */
function writtenByKey(value: Json, line?: string): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = line === undefined ? undefined : `${line}  `
  const colon = line === undefined ? ':' : ': '
  const parts = isArray(value)
    ? value.map((item) => writtenByKey(item ?? null, inner))
    : Object.keys(value)
        .sort()
        .map((key) => `${JSON.stringify(key)}${colon}${writtenByKey(value[key] ?? null, inner)}`)
  const [open, close] = isArray(value) ? '[]' : '{}'
  if (parts.length === 0) return `${open}${close}`
  return `${open}${inner ?? ''}${parts.join(`,${inner ?? ''}`)}${line ?? ''}${close}`
}

/** Hexadecimal SHA-256 of a UTF-8 text or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return hash('sha256', content)
}

/** A UUID of version 5 (SHA-1 of namespace and name), lower case. */
export function uuid5(namespace: string, name: string): string {
  const bytes = Buffer.allocUnsafe(16 + Buffer.byteLength(name))
  bytes.write(namespace.replaceAll('-', ''), 'hex')
  bytes.write(name, 16)
  const hex = hash('sha1', bytes)
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    variant + hex.slice(18, 20),
    hex.slice(20, 32),
  ].join('-')
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
