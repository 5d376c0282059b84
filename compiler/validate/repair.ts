import type { ErrorObject } from 'ajv'
import type { SpecKind } from '../../domain/specs.generated.ts'
import { escapePointer, pointerSteps } from '../load/walk.ts'
import { nearest } from './nearest.ts'
import { type SchemaNode, schemaAt } from './schemas.ts'
import { isObject } from './words.ts'

/** A replacement can be wrong in turn where it stands beside what is left; then another round follows. */
const roundsMax = 4

/** A value made to fit its schema, only to find out what else is wrong with it. */
export interface Repaired {
  readonly value: unknown
  /** JSON pointers of what nobody wrote so, or may have written with a misspelt key: nothing may be said about them. */
  readonly invented: readonly string[]
}

/**
 * Replaces what does not fit by the schema's own examples and takes away keys that are not known, so that the rest can be looked at.
 * @param validate checks a value; undefined where it fits
 * @returns undefined where too little is known to go on
 */
export function repair(
  kind: SpecKind,
  value: unknown,
  validate: (value: unknown) => readonly ErrorObject[] | undefined,
): Repaired | undefined {
  const repaired: unknown = structuredClone(value)
  const invented: string[] = []
  for (let round = 0; round < roundsMax; round += 1) {
    const errors = validate(repaired)
    if (!errors) return { value: repaired, invented }
    for (const error of errors) {
      const schema = schemaAt(kind, error.schemaPath)
      const pointer = fix(repaired, error, schema)
      if (pointer === false) return undefined
      if (pointer !== undefined) invented.push(pointer)
    }
  }
  return undefined
}

/** @returns the pointer of what was put in, or of what a key that was taken away may mean; undefined for any other such key; false where nothing can be done */
function fix(root: unknown, error: ErrorObject, schema: SchemaNode): string | undefined | false {
  const { instancePath, keyword } = error
  const params = error.params as Record<string, unknown>
  const steps = pointerSteps(instancePath)
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty'])
    remove(root, [...steps, key])
    const meant = nearest(key, Object.keys(schema.properties ?? {}))
    return meant === undefined ? undefined : `${instancePath}/${escapePointer(meant)}`
  }
  if (keyword === 'propertyNames') return remove(root, [...steps, String(params['propertyName'])])
  // Told by the keyword that holds it.
  if (error.propertyName !== undefined) return undefined
  if (keyword === 'required') {
    const missing = String(params['missingProperty'])
    const example = schema.properties?.[missing]?.examples?.[0]
    return put(root, [...steps, missing], example) && `${instancePath}/${escapePointer(missing)}`
  }
  return put(root, steps, schema.examples?.[0]) && instancePath
}

function put(root: unknown, steps: readonly string[], example: unknown): boolean {
  const last = steps.at(-1)
  const outer = holderOf(root, steps)
  if (outer === undefined || last === undefined || example === undefined) return false
  outer[last] = structuredClone(example)
  return true
}

function remove(root: unknown, steps: readonly string[]): undefined {
  const outer = holderOf(root, steps)
  const last = steps.at(-1)
  if (outer && last !== undefined) delete outer[last]
}

/** The mapping or list that the last step leads into. */
function holderOf(root: unknown, steps: readonly string[]): Record<string, unknown> | undefined {
  let node = root
  for (const step of steps.slice(0, -1)) node = (node as Record<string, unknown> | undefined | null)?.[step]
  return isObject(node) || Array.isArray(node) ? (node as Record<string, unknown>) : undefined
}
