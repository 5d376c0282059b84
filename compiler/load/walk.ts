import { limits } from './limits.ts'

/** Something about a parsed value that no spec may have, with the JSON pointer of where. */
export interface Finding {
  readonly code:
    'YAML_TOO_MANY_NODES' | 'YAML_TOO_MANY_ALIASES' | 'YAML_TOO_DEEP' | 'YAML_UNSAFE_KEY' | 'YAML_NUMBER_TOO_LARGE'
  readonly pointer: string
  readonly message: string
  readonly hint?: string
}

const unsafeKeys = new Set(['__proto__', 'constructor', 'prototype'])

/** Walks a parsed value within a budget and tells what is dangerous about it. */
export function examine(value: unknown): readonly Finding[] {
  const findings: Finding[] = []
  const seen = new Set<object>()
  let nodes = 0
  let aliases = 0
  let characters = 0
  const isLong = (text: string, pointer: string): boolean => {
    characters += text.length
    if (characters <= limits.fileBytes) return false
    // No file is that long: aliases of long texts have made it so.
    const message = `its aliases make the document longer than ${limits.fileBytes} characters`
    findings.push({ code: 'YAML_TOO_MANY_ALIASES', pointer, message, hint: 'write the values out' })
    return true
  }
  const visit = (node: unknown, pointer: string, depth: number): boolean => {
    nodes += 1
    if (nodes > limits.nodes) {
      findings.push({
        code: 'YAML_TOO_MANY_NODES',
        pointer: '',
        message: `the document has more than ${limits.nodes} values`,
      })
      return false
    }
    if (typeof node === 'number') return visitNumber(node, pointer, findings)
    if (typeof node === 'string') return !isLong(node, pointer)
    if (typeof node !== 'object' || node === null) return true
    if (depth >= limits.depth) {
      findings.push({ code: 'YAML_TOO_DEEP', pointer, message: `it is nested more than ${limits.depth} levels deep` })
      return false
    }
    if (seen.has(node)) {
      aliases += 1
      if (aliases > limits.aliases) {
        const message = `the document uses more than ${limits.aliases} aliases`
        findings.push({ code: 'YAML_TOO_MANY_ALIASES', pointer, message, hint: 'write the values out' })
        return false
      }
    }
    seen.add(node)
    const entries = Array.isArray(node) ? node.entries() : Object.entries(node)
    if (!Array.isArray(node) && Object.keys(node).length > limits.keysOfMapping) {
      findings.push({
        code: 'YAML_TOO_MANY_NODES',
        pointer,
        message: `a mapping may have ${limits.keysOfMapping} keys`,
      })
      return false
    }
    for (const [key, inner] of entries) {
      const at = `${pointer}/${escapePointer(String(key))}`
      if (typeof key === 'string' && isLong(key, pointer)) return false
      if (typeof key === 'string' && unsafeKeys.has(key)) {
        findings.push({
          code: 'YAML_UNSAFE_KEY',
          pointer: at,
          message: `the key "${key}" is not allowed`,
          hint: 'programs take this name for a part of every mapping, and not for yours: choose another one',
        })
      }
      if (!visit(inner, at, depth + 1)) return false
    }
    return true
  }
  visit(value, '', 0)
  return findings
}

function visitNumber(number: number, pointer: string, findings: Finding[]): boolean {
  if (!Number.isFinite(number)) {
    const message = 'infinity and not-a-number cannot be used'
    findings.push({ code: 'YAML_NUMBER_TOO_LARGE', pointer, message, hint: 'write a finite number, or quote the text' })
  } else if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
    findings.push({
      code: 'YAML_NUMBER_TOO_LARGE',
      pointer,
      message: `the number is beyond 2^53 and would lose digits: it is read as ${Math.abs(number) < 1e21 ? BigInt(number) : number}`,
      hint: 'quote it if it is an identifier',
    })
  }
  return true
}

/** A value that was examined, without the keys that no program should meet. */
export function withoutUnsafeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnsafeKeys)
  if (typeof value !== 'object' || value === null) return value
  const safe = Object.entries(value).filter(([key]) => !unsafeKeys.has(key))
  return Object.fromEntries(safe.map(([key, inner]) => [key, withoutUnsafeKeys(inner)]))
}

/** One step of a JSON pointer (RFC 6901). */
export function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** The steps of a JSON pointer. */
export function pointerSteps(pointer: string): readonly string[] {
  return pointer === ''
    ? []
    : pointer
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
