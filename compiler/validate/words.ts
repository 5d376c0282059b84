import { pointerSteps } from '../load/walk.ts'
import { shortened } from '../problem.ts'
import type { SchemaNode } from './schemas.ts'

const exampleLengthMax = 160

/** `spec.training.epochs` for `/spec/training/epochs`. */
export function dotted(pointer: string): string {
  return pointerSteps(pointer)
    .map((step) => (/^[A-Za-z_][\w-]*$|^\d+$/.test(step) ? shortened(step) : JSON.stringify(shortened(step))))
    .join('.')
}

/** A value as a message names it, bounded. */
export function described(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'a mapping'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}

/** What a schema wants: `text or a mapping`. */
export function wanted(types: readonly string[]): string {
  const words: Record<string, string> = {
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    object: 'a mapping',
    array: 'a list',
  }
  return types.map((one) => words[one] ?? one).join(' or ')
}

/** The types that a schema allows, those of its alternatives included. */
export function typesOf(schema: SchemaNode): readonly string[] {
  const own = schema.type ?? (typeof schema.const === 'string' ? JSON.stringify(schema.const) : [])
  return [...[own].flat(), ...(schema.anyOf ?? []).flatMap(typesOf)]
}

/** The first example of a schema as JSON; undefined where there is none, or one too long to be read in a hint. */
export function shortExample(schema: SchemaNode | undefined): string | undefined {
  const example = JSON.stringify(schema?.examples?.[0])
  return example !== undefined && example.length <= exampleLengthMax ? example : undefined
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
