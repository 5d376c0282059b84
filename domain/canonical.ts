import { digest } from './digest.ts'
import { remembered } from './remembered.ts'

/** A JSON value as it comes out of a parsed document. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/**
 * Writes JSON with keys in UTF-16 code unit order and no white space, so that equal values have equal bytes; what is undefined becomes null.
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: Json): string {
  return inOnePiece(written(value))
}

/** The same with a line for each value, indented by two spaces as `JSON.stringify` does it. */
export function canonicalJsonLines(value: Json): string {
  return inOnePiece(writtenInLines(value, '\n'))
}

/** Canonical JSON of the members of an object, by their keys, of which none is `__proto__`. */
export type WrittenMembers = Readonly<Record<string, string>>

/** For whoever writes several objects that have members in common, each of them once. */
export function canonicalMembers(object: JsonObject): WrittenMembers {
  const members: Record<string, string> = {}
  for (const key of Object.keys(object)) members[key] = written(object[key])
  return members
}

// Keys are put in order here and values written key by key: copies with the keys in order, for the engine to write, take half as long again.

function written(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return scalar(value)
  if (isArray(value)) {
    let text = '['
    for (let index = 0; index < value.length; index += 1) text += (index > 0 ? ',' : '') + written(value[index])
    return text + ']'
  }
  const keys = inOrder(Object.keys(value))
  let text = ''
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] ?? ''
    text += (index > 0 ? nextKey(key) : firstKey(key)) + written(value[key])
  }
  return keys.length > 0 ? text + '}' : '{}'
}

/** The canonical JSON of an object of such members, still a tree of its parts: whoever hashes or searches it lays it out. */
export function canonicalObject(members: WrittenMembers): string {
  const keys = inOrder(Object.keys(members))
  let text = ''
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] ?? ''
    text += (index > 0 ? nextKey(key) : firstKey(key)) + (members[key] ?? 'null')
  }
  return keys.length > 0 ? text + '}' : '{}'
}

/** @param line where the line begins that the value ends on, with its line feed */
function writtenInLines(value: Json | undefined, line: string): string {
  if (typeof value !== 'object' || value === null) return scalar(value)
  const inner = `${line}  `
  if (isArray(value)) {
    let text = '['
    for (let index = 0; index < value.length; index += 1)
      text += (index > 0 ? ',' : '') + inner + writtenInLines(value[index], inner)
    return text + (value.length > 0 ? line : '') + ']'
  }
  const keys = inOrder(Object.keys(value))
  let text = '{'
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] ?? ''
    text += (index > 0 ? ',' : '') + inner + keyText(key) + ' ' + writtenInLines(value[key], inner)
  }
  return text + (keys.length > 0 ? line : '') + '}'
}

function scalar(value: string | number | boolean | null | undefined): string {
  if (typeof value === 'string') return quoted(value)
  return value === undefined || (typeof value === 'number' && !Number.isFinite(value)) ? 'null' : String(value)
}

/** All but printable ASCII without the quote and the backslash: whatever JSON may write in another way. */
const special = /[^ !#-[\]-~]/

function quoted(text: string): string {
  return special.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** How a key is written, with its colon. */
const keyText = remembered((key) => `${quoted(key)}:`)

/** The same with what stands before it in an object: one text less to add up for each key. */
const firstKey = remembered((key) => inOnePiece(`{${quoted(key)}:`))
const nextKey = remembered((key) => inOnePiece(`,${quoted(key)}:`))

/** Whether two values have the same canonical JSON. Neither may have anything undefined or a number that is none. */
export function sameJson(left: Json, right: Json): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || left === null || typeof right !== 'object' || right === null) return false
  if (isArray(left) || isArray(right)) {
    if (!isArray(left) || !isArray(right) || left.length !== right.length) return false
    for (let index = 0; index < left.length; index += 1)
      if (!sameJson(left[index] ?? null, right[index] ?? null)) return false
    return true
  }
  const keys = Object.keys(left)
  if (Object.keys(right).length !== keys.length) return false
  for (const key of keys)
    if (!Object.hasOwn(right, key) || !sameJson(left[key] ?? null, right[key] ?? null)) return false
  return true
}

const fewKeys = 32

/** Sorts keys in place, nearly always a few that stand nearly in order. */
function inOrder(keys: string[]): readonly string[] {
  if (keys.length > fewKeys) return keys.sort()
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index] ?? ''
    let to = index
    for (; to > 0 && (keys[to - 1] ?? '') > key; to -= 1) keys[to] = keys[to - 1] ?? ''
    keys[to] = key
  }
  return keys
}

/** Hexadecimal SHA-256 of a UTF-8 text or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return digest('sha256', content)
}

/** A UUID of version 5 (SHA-1 of namespace and name), lower case. */
export function uuid5(namespace: string, name: string): string {
  const bytes = Buffer.allocUnsafe(16 + Buffer.byteLength(name))
  bytes.set(bytesOf(namespace))
  bytes.write(name, 16)
  const hex = digest('sha1', bytes)
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The bytes of a UUID. */
const bytesOf = remembered((uuid) => Buffer.from(uuid.replaceAll('-', ''), 'hex'))

/**
 * The same text, laid out. What is made by adding to a text stays a tree of its parts, five times its size, until somebody asks for one of its
 * characters; laying it out costs least while the parts have just been made.
 */
export function inOnePiece(text: string): string {
  return text.charCodeAt(0) < 0 ? '' : text
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
