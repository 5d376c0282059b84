import { escapePointer } from '../../load/walk.ts'
import { type Finding, isObject, type Loose, quoted } from '../finding.ts'
import type { NameCheck } from './names.ts'

/** Gathers what the rules find; each method looks at one field of an object. */
export interface Checks {
  tell(pointer: string, message: string, hint?: string): void
  /**
   * A text of a certain form. Absent is fine unless `required`. An empty one counts as absent, but where the server tells the two apart:
   * those are `exact`.
   */
  name(of: Loose, field: string, pointer: string, form: NameCheck, how?: 'required' | 'exact'): void
  /** Texts of a certain form. */
  names(of: Loose, field: string, pointer: string, form: NameCheck): void
  required(of: Loose, field: string, pointer: string): void
  /** An empty text counts as absent here too, unless it is `exact`. */
  oneOf(of: Loose, field: string, pointer: string, values: readonly string[], how?: 'exact'): void
  /** A number within bounds, both included. */
  within(of: Loose, field: string, pointer: string, least: number, most?: number): void
  labels(of: Loose, field: string, pointer: string, key: NameCheck, value: NameCheck | undefined): void
  /** Exactly one of some fields. @returns the one that is there */
  exactlyOne(of: Loose, fields: readonly string[], pointer: string): string | undefined
  /** A value that no other one of the same list has had. */
  unique(seen: Set<string>, value: unknown, pointer: string): void
}

export function checks(findings: Finding[]): Checks {
  const tell: Checks['tell'] = (pointer, message, hint) => {
    findings.push({ pointer, message, ...(hint === undefined ? {} : { hint }) })
  }
  return {
    tell,
    name: (of, field, pointer, form, how) => {
      const value = of[field]
      if (typeof value !== 'string' || (value === '' && how !== 'exact')) {
        if (how === 'required' && isAbsent(value)) tell(pointer, `lacks ${field}`)
        return
      }
      const wrong = form(value)
      if (wrong !== undefined) tell(`${pointer}/${field}`, `is ${quoted(value)}, and ${wrong}`)
    },
    names: (of, field, pointer, form) => {
      const list = of[field]
      if (!Array.isArray(list)) return
      list.forEach((value: unknown, index) => {
        const wrong = typeof value === 'string' ? form(value) : undefined
        if (wrong !== undefined) tell(`${pointer}/${field}/${index}`, `is ${quoted(value)}, and ${wrong}`)
      })
    },
    required: (of, field, pointer) => {
      const value = of[field]
      if (isAbsent(value) || (Array.isArray(value) && value.length === 0)) tell(pointer, `lacks ${field}`)
    },
    oneOf: (of, field, pointer, values, how) => {
      const value = of[field]
      if (
        (isAbsent(value) && !(how === 'exact' && value === '')) ||
        (typeof value === 'string' && values.includes(value))
      )
        return
      tell(`${pointer}/${field}`, `is ${quoted(value)}`, `use one of: ${values.join(', ')}`)
    },
    within: (of, field, pointer, least, most) => {
      const value = of[field]
      if (typeof value !== 'number') return
      if (value < least) tell(`${pointer}/${field}`, `is ${value}, and must be at least ${least}`)
      if (most !== undefined && value > most) tell(`${pointer}/${field}`, `is ${value}, and may be at most ${most}`)
    },
    labels: (of, field, pointer, key, value) => {
      const map = of[field]
      if (!isObject(map)) return
      for (const name of Object.keys(map)) {
        const text = map[name]
        const where = (): string => `${pointer}/${field}/${escapePointer(name)}`
        const wrong = key(name)
        if (wrong !== undefined) tell(where(), `has the key ${quoted(name)}, which ${wrong}`)
        const unfit = typeof text === 'string' ? value?.(text) : undefined
        if (unfit !== undefined) tell(where(), `is ${quoted(text)}, and ${unfit}`)
      }
    },
    exactlyOne: (of, fields, pointer) => {
      const present: string[] = []
      for (const field of fields) if (isObject(of[field])) present.push(field)
      if (present.length === 0) tell(pointer, `must have one of ${fields.join(', ')}`)
      if (present.length > 1) tell(pointer, `may have only one of ${present.join(', ')}`)
      return present[0]
    },
    unique: (seen, value, pointer) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      if (seen.has(text)) tell(pointer, `is ${quoted(value)}, which is there twice`)
      seen.add(text)
    },
  }
}

export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}
