import type { Json } from '../../domain/canonical.ts'
import { escapePointer, pointerSteps, valueAt } from '../load/walk.ts'

/** A value without parts: a scalar, or a list or mapping that is empty. */
export interface Leaf {
  /** JSON pointer (RFC 6901) to the value itself. */
  readonly pointer: string
  /** The same, but elements of a list that have a name stand under it: `/variables/LOG_LEVEL/value`. */
  readonly named: string
  readonly value: Json
}

/** Every leaf of a value, in the order in which it holds them. */
export function leavesOf(value: Json): readonly Leaf[] {
  const leaves: Leaf[] = []
  const visit = (node: Json | undefined, pointer: string, named: string): void => {
    if (node === undefined) return
    if (typeof node !== 'object' || node === null) leaves.push({ pointer, named, value: node })
    else if (Array.isArray(node)) {
      if (node.length === 0) leaves.push({ pointer, named, value: node })
      node.forEach((one: Json, index) =>
        visit(one, `${pointer}/${index}`, `${named}/${escapePointer(nameOf(one) ?? String(index))}`),
      )
    } else {
      const entries = Object.entries(node)
      if (entries.length === 0) leaves.push({ pointer, named, value: node })
      for (const [key, one] of entries) {
        const step = escapePointer(key)
        visit(one, `${pointer}/${step}`, `${named}/${step}`)
      }
    }
  }
  visit(value, '', '')
  return leaves
}

function nameOf(element: Json): string | undefined {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return undefined
  const name = (element as { readonly name?: Json }).name
  return typeof name === 'string' ? name : undefined
}

/** A pointer with the names of elements in place of their numbers, as Leaf.named. */
export function namedOf(value: Json, pointer: string): string {
  let [node, named]: [unknown, string] = [value, '']
  for (const step of pointerSteps(pointer)) {
    const next = valueAt(node, `/${escapePointer(step)}`) as Json | undefined
    const name = Array.isArray(node) && next !== undefined ? nameOf(next) : undefined
    named += `/${escapePointer(name ?? step)}`
    node = next
  }
  return named
}

/** The pointer that a named one stands for; where two elements have one name, that of the first. */
export function pointerOf(value: Json, named: string): string {
  let [node, pointer]: [unknown, string] = [value, '']
  for (const step of pointerSteps(named)) {
    const index = Array.isArray(node) ? (node as readonly Json[]).findIndex((one) => nameOf(one) === step) : -1
    const own = index < 0 ? step : String(index)
    pointer += `/${escapePointer(own)}`
    node = valueAt(node, `/${escapePointer(own)}`)
  }
  return pointer
}

/** A copy of a value in which the value at a pointer is another one. */
export function replaced(value: Json, pointer: string, by: Json): Json {
  const replace = (node: Json, steps: readonly string[]): Json => {
    const [step, ...rest] = steps
    if (step === undefined) return by
    if (Array.isArray(node)) return node.map((one: Json, index) => (String(index) === step ? replace(one, rest) : one))
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(Object.entries(node).map(([key, one]) => [key, key === step ? replace(one, rest) : one]))
  }
  return replace(value, pointerSteps(pointer))
}

/** A pointer as people write paths: `resources.gpus`. */
export function dotted(pointer: string): string {
  return pointerSteps(pointer).join('.')
}
