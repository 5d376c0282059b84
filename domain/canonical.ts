import { hash } from 'node:crypto'

/** A JSON value as it comes out of a parsed document. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/**
 * Writes JSON with keys in UTF-16 code unit order and no white space, so that equal values have equal bytes.
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return jsonText(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  let text = ''
  if (isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalJson(item)}`
    return `[${text}]`
  }
  for (const key of Object.keys(value).sort())
    text += `${text === '' ? '' : ','}${jsonText(key)}:${canonicalJson(value[key] ?? null)}`
  return `{${text}}`
}

/** The same with a line for each value, indented by two spaces as `JSON.stringify` does it; what is undefined becomes null, as there. */
export function canonicalJsonLines(value: Json): string {
  // Joined at the end: a text made by adding to it stays a tree of its parts, five times its size, for as long as it is kept.
  const parts: string[] = []
  writeLines(value, '', parts)
  return parts.join('')
}

function writeLines(value: Json, indent: string, parts: string[]): void {
  if (value === null || typeof value !== 'object') {
    parts.push(typeof value === 'string' ? jsonText(value) : JSON.stringify(value))
    return
  }
  const inner = `${indent}  `
  const before = parts.length
  if (isArray(value)) {
    for (const item of value) {
      parts.push(parts.length === before ? '[\n' : ',\n', inner)
      writeLines(item ?? null, inner, parts)
    }
    parts.push(parts.length === before ? '[]' : `\n${indent}]`)
    return
  }
  for (const key of Object.keys(value).sort()) {
    parts.push(parts.length === before ? '{\n' : ',\n', inner, jsonText(key), ': ')
    writeLines(value[key] ?? null, inner, parts)
  }
  parts.push(parts.length === before ? '{}' : `\n${indent}}`)
}

const needsEscape = /[^ !#-[\]-~]/

/** `JSON.stringify` of a text; nearly all texts need no look at each character by its slower way. */
export function jsonText(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** Hexadecimal SHA-256 of a UTF-8 text or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return hash('sha256', content)
}

/** A UUID of version 5 (SHA-1 of namespace and name), lower case. */
export function uuid5(namespace: string, name: string): string {
  const bytes = Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name, 'utf8')])
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
