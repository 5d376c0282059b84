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
  const walk = new Walk()
  walk.visit(value)
  return walk.findings
}

class Walk {
  readonly findings: Finding[] = []
  /** The keys on the way to where it is; made a pointer of where something is found alone, for nearly every value is fine. */
  private readonly way: string[] = []
  private readonly seen = new Set<object>()
  private nodes = 0
  private aliases = 0
  private characters = 0

  /** @returns false when there is no sense in going on */
  visit(node: unknown): boolean {
    this.nodes += 1
    if (this.nodes > limits.nodes)
      return this.stop('YAML_TOO_MANY_NODES', `the document has more than ${limits.nodes} values`, { at: '' })
    if (typeof node === 'string') return this.countText(node)
    if (typeof node === 'number') return this.visitNumber(node)
    if (typeof node !== 'object' || node === null) return true
    if (this.way.length >= limits.depth)
      return this.stop('YAML_TOO_DEEP', `it is nested more than ${limits.depth} levels deep`)
    if (this.seen.has(node)) {
      this.aliases += 1
      const message = `the document uses more than ${limits.aliases} aliases`
      if (this.aliases > limits.aliases) return this.stop('YAML_TOO_MANY_ALIASES', message, { hint: writeOut })
    }
    this.seen.add(node)
    return Array.isArray(node) ? this.visitList(node) : this.visitMapping(node as Readonly<Record<string, unknown>>)
  }

  private visitList(list: readonly unknown[]): boolean {
    for (const [index, inner] of list.entries()) {
      this.way.push(String(index))
      if (!this.visit(inner)) return false
      this.way.pop()
    }
    return true
  }

  private visitMapping(mapping: Readonly<Record<string, unknown>>): boolean {
    const keys = Object.keys(mapping)
    if (keys.length > limits.keysOfMapping)
      return this.stop('YAML_TOO_MANY_NODES', tooManyKeys(keys.length), { hint: 'split it' })
    for (const key of keys) {
      if (!this.countText(key)) return false
      this.way.push(key)
      if (unsafeKeys.has(key)) {
        const hint = 'programs take this name for a part of every mapping, and not for yours: choose another one'
        this.tell('YAML_UNSAFE_KEY', `the key "${key}" is not allowed`, { hint })
      }
      if (!this.visit(mapping[key])) return false
      this.way.pop()
    }
    return true
  }

  private countText(text: string): boolean {
    this.characters += text.length
    if (this.characters <= limits.fileBytes) return true
    // No file is that long: aliases of long texts have made it so.
    const message = `its aliases make the document longer than ${limits.fileBytes} characters`
    return this.stop('YAML_TOO_MANY_ALIASES', message, { hint: writeOut })
  }

  private visitNumber(number: number): boolean {
    if (!Number.isFinite(number)) {
      const read = Number.isNaN(number) ? 'not-a-number' : 'infinity'
      const message = `the number is read as ${read}, which cannot be used`
      this.tell('YAML_NUMBER_TOO_LARGE', message, { hint: 'write a finite number, or quote the text' })
    } else if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
      const read = Math.abs(number) < 1e21 ? BigInt(number) : number
      const message = `the number is beyond 2^53 and would lose digits: it is read as ${read}`
      this.tell('YAML_NUMBER_TOO_LARGE', message, { hint: `quote it if it is an identifier; ${boundOf(number)}` })
    }
    return true
  }

  private stop(code: Finding['code'], message: string, more: { hint?: string; at?: string } = {}): false {
    this.tell(code, message, more)
    return false
  }

  private tell(code: Finding['code'], message: string, { hint, at }: { hint?: string; at?: string } = {}): void {
    const pointer = at ?? this.way.map((step) => `/${escapePointer(step)}`).join('')
    this.findings.push({ code, pointer, message, ...(hint === undefined ? {} : { hint }) })
  }
}

/** What a whole number may be, at the end that another one is beyond. */
export function boundOf(number: number): string {
  return number < 0
    ? `a number is at least ${Number.MIN_SAFE_INTEGER}`
    : `a number is at most ${Number.MAX_SAFE_INTEGER}`
}

function tooManyKeys(count: number): string {
  return `a mapping has ${count} keys, more than the ${limits.keysOfMapping} that one may have`
}

export const writeOut = 'write the values out'

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

/** The value at a pointer; undefined where there is none. */
export function valueAt(value: unknown, pointer: string): unknown {
  let node: unknown = value
  for (const step of pointerSteps(pointer)) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return undefined
    node = (node as Readonly<Record<string, unknown>>)[step]
  }
  return node
}
