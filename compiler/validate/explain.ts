import type { ErrorObject } from 'ajv'
import type { Place, Problem, Related } from '../../domain/problem.ts'
import type { ProblemCode } from '../../domain/problem-codes.ts'
import type { SpecKind } from '../../domain/specs.generated.ts'
import { escapePointer, valueAt } from '../load/walk.ts'
import { problem } from '../problem.ts'
import { nearest } from './nearest.ts'
import { type SchemaNode, schemaAt } from './schemas.ts'
import { allowedHint, formHint, unknownKeyHint } from './suggest.ts'
import { inUnit, typeHint } from './type-hints.ts'
import { described, dotted, isObject, shortExample, typesOf, wanted } from './words.ts'

/** Tells where a part of a value was written; a merged value may come from several documents. */
export interface Locator {
  locate(pointer: string): Place
  locateKey(pointer: string): Place
  /** The text of the scalar at a pointer, as it is written. */
  written(pointer: string): string | undefined
  /** Where somebody wrote that a key of a mapping shall not be; undefined where nobody did. */
  locateRemoved?(pointer: string, key: string): Place | undefined
  /** Other places that have a part in what stands at a pointer, such as the overlay that it comes from. */
  related?(pointer: string): readonly Related[]
}

/** A value that does not fit its schema, and what a message about it is made of. */
interface Misfit {
  readonly kind: SpecKind
  readonly error: ErrorObject
  readonly pointer: string
  readonly found: unknown
  readonly schema: SchemaNode
  readonly params: Readonly<Record<string, unknown>>
  readonly at: Locator
}

/** Turns a validator's errors into one problem for each real cause, in its own words, at its place, with the remedy. */
export function explainErrors(
  kind: SpecKind,
  value: unknown,
  errors: readonly ErrorObject[],
  at: Locator,
): readonly Problem[] {
  const misfits = withoutNoise(value, errors).map((error): Misfit => {
    const pointer = error.instancePath
    const schema = schemaAt(kind, error.schemaPath)
    const params = error.params as Record<string, unknown>
    return { kind, error, pointer, found: valueAt(value, pointer), schema, params, at }
  })
  const meant = misspeltKeys(misfits)
  return misfits
    .filter(({ error, pointer, params }) => {
      const missing = String(params['missingProperty'])
      return error.keyword !== 'required' || !meant.has(`${pointer}/${missing}`)
    })
    .map(explain)
}

/** Keys that are missing only because they are misspelt beside where they should be: that is told once, where they stand. */
function misspeltKeys(misfits: readonly Misfit[]): ReadonlySet<string> {
  const required = new Set(misfits.filter(({ error }) => error.keyword === 'required').map(({ pointer }) => pointer))
  const meant = new Set<string>()
  for (const { error, pointer, params, schema } of misfits) {
    if (error.keyword !== 'additionalProperties' || !required.has(pointer)) continue
    const near = nearest(String(params['additionalProperty']), Object.keys(schema.properties ?? {}))
    if (near !== undefined) meant.add(`${pointer}/${near}`)
  }
  return meant
}

/** Errors inside alternatives say little; kept are those of the alternative that was meant, or one for the whole choice. */
function withoutNoise(value: unknown, errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf')
  const dropped = new Set<ErrorObject>()
  const below = choices.length === 0 ? new Map<string, readonly ErrorObject[]>() : errorsBelow(errors)
  for (const choice of choices) {
    const near = below.get(choice.instancePath) ?? []
    const inner = near.filter((error) => error !== choice && error.schemaPath.startsWith(`${choice.schemaPath}/`))
    const isMapping = isObject(valueAt(value, choice.instancePath))
    const meant = inner.filter(
      (error) =>
        error.instancePath.length > choice.instancePath.length ||
        (isMapping && (error.keyword === 'required' || error.keyword === 'additionalProperties')),
    )
    const kept = meant.length > 0 ? meant : withinFittingType(inner, choice)
    for (const error of inner) if (!kept.includes(error)) dropped.add(error)
    if (kept.length > 0) dropped.add(choice)
  }
  // A value of the wrong type where only some are allowed: the list of those says more.
  const listed = new Set(errors.filter((error) => error.keyword === 'enum').map((error) => error.instancePath))
  return errors.filter(
    (error) =>
      !dropped.has(error) &&
      error.keyword !== 'propertyNames' &&
      !(error.keyword === 'type' && listed.has(error.instancePath)),
  )
}

/** What the one alternative has against a value that has the right type for it: an empty list where one of entries may stand. */
function withinFittingType(inner: readonly ErrorObject[], choice: ErrorObject): readonly ErrorObject[] {
  const branches = new Map<string, ErrorObject[]>()
  for (const error of inner) {
    const branch = error.schemaPath.slice(choice.schemaPath.length + 1).split('/')[0] ?? ''
    branches.set(branch, [...(branches.get(branch) ?? []), error])
  }
  const isOfType = (errors: readonly ErrorObject[]): boolean =>
    errors.every(({ keyword }) => !['type', 'const', 'enum', 'anyOf'].includes(keyword))
  const [fitting, another] = [...branches.values()].filter(isOfType)
  return fitting && !another ? fitting : []
}

/** The errors at each pointer and below it: a document of thousands of wrong choices asks for those of each. */
function errorsBelow(errors: readonly ErrorObject[]): ReadonlyMap<string, readonly ErrorObject[]> {
  const below = new Map<string, ErrorObject[]>()
  for (const error of errors) {
    for (let pointer = error.instancePath; ; pointer = pointer.slice(0, pointer.lastIndexOf('/'))) {
      const known = below.get(pointer)
      if (known) known.push(error)
      else below.set(pointer, [error])
      if (pointer === '') break
    }
  }
  return below
}

function explain(misfit: Misfit): Problem {
  switch (misfit.error.keyword) {
    case 'additionalProperties':
      return unknownKey(misfit)
    case 'required':
      return missingKey(misfit)
    case 'type':
    case 'anyOf':
      return wrongType(misfit)
    case 'enum':
    case 'const':
      return notAllowed(misfit)
    case 'pattern':
      return badForm(misfit)
    default:
      return outOfRange(misfit)
  }
}

/** A problem at a place, with the other places that have a part in what stands at its pointer. */
function told(code: ProblemCode, misfit: Misfit, where: Place, message: string, hint: string | undefined): Problem {
  return problem(code, where, message, { hint, also: misfit.at.related?.(misfit.pointer) })
}

function unknownKey(misfit: Misfit): Problem {
  const { kind, pointer, schema, params, at } = misfit
  const key = String(params['additionalProperty'])
  const where = at.locateKey(`${pointer}/${escapePointer(key)}`)
  const message = `${dotted(pointer) || kind} has no ${described(key)}`
  const also = at.related?.(`${pointer}/${escapePointer(key)}`)
  return problem('KEY_UNKNOWN', where, message, { hint: unknownKeyHint(kind, key, schema), also })
}

function missingKey(misfit: Misfit): Problem {
  const { kind, pointer, schema, params, at } = misfit
  const missing = String(params['missingProperty'])
  const property = schema.properties?.[missing]
  const example = shortExample(property)
  const removed = at.locateRemoved?.(pointer, missing)
  const hint =
    removed === undefined
      ? example === undefined
        ? property?.description
        : `for example ${missing}: ${example}`
      : `null takes away what the spec has: remove the line, or write a value`
  const where = removed ?? at.locateKey(pointer)
  const also = removed && [
    { where: at.locateKey(`${pointer}/${escapePointer(missing)}`), note: 'taken away from here' },
  ]
  return problem('KEY_MISSING', where, `${dotted(pointer) || kind} lacks "${missing}"`, {
    hint,
    also: [...(at.related?.(pointer) ?? []), ...(also ?? [])],
  })
}

function wrongType(misfit: Misfit): Problem {
  const { kind, pointer, found, schema, params, at } = misfit
  const types = [(params['type'] as string | string[] | undefined) ?? typesOf(schema)].flat()
  const message = `${dotted(pointer) || kind} must be ${wanted(types)}, not ${described(found)}`
  const hint = typeHint({ found, written: at.written(pointer), pointer, types, schema })
  return told('TYPE_WRONG', misfit, at.locate(pointer), message, hint)
}

function notAllowed(misfit: Misfit): Problem {
  const { kind, pointer, found, params, at, error } = misfit
  const allowed = error.keyword === 'const' ? [params['allowedValue']] : (params['allowedValues'] as unknown[])
  const message = `${dotted(pointer) || kind} cannot be ${described(found)}`
  return told('VALUE_NOT_ALLOWED', misfit, at.locate(pointer), message, allowedHint(found, allowed))
}

function badForm(misfit: Misfit): Problem {
  const { pointer, found, schema, at } = misfit
  const key = misfit.error.propertyName
  if (key === undefined) {
    const message = `${dotted(pointer)} cannot be ${described(found)}`
    return told('FORMAT_WRONG', misfit, at.locate(pointer), message, formHint(found, schema))
  }
  const where = at.locateKey(`${pointer}/${escapePointer(key)}`)
  const message = `${dotted(pointer)} cannot have the name ${described(key)}`
  return told('FORMAT_WRONG', misfit, where, message, formHint(key, schema))
}

function outOfRange(misfit: Misfit): Problem {
  const { pointer, found, params, schema, at } = misfit
  const limit = String(params['limit'] ?? '')
  const [characters, entries] = limit === '1' ? ['character', 'entry'] : ['characters', 'entries']
  const rules: Record<string, string> = {
    minimum: `at least ${limit}`,
    exclusiveMinimum: `more than ${limit}`,
    maximum: `at most ${limit}`,
    minLength: `at least ${limit} ${characters} long`,
    maxLength: `at most ${limit} ${characters} long`,
    minItems: `at least ${limit} ${entries} long`,
    maxItems: `at most ${limit} ${entries} long`,
    minProperties: `a mapping of at least ${limit} ${entries}`,
    maxProperties: `a mapping of at most ${limit} ${entries}`,
    uniqueItems: 'without repetitions',
  }
  const { keyword } = misfit.error
  const key = misfit.error.propertyName
  const rule = rules[keyword] ?? 'as the schema says'
  const hint = [schema.description, inUnit(pointer)].find((one) => one !== undefined)
  if (key !== undefined) {
    const where = at.locateKey(`${pointer}/${escapePointer(key)}`)
    return told('VALUE_OUT_OF_RANGE', misfit, where, `the name ${described(key)} must be ${rule}`, hint)
  }
  const message = `${dotted(pointer)} must be ${rule}${amount(found, keyword)}`
  if (keyword === 'uniqueItems') {
    const [first, second] = [params['j'], params['i']].map((index) => at.locate(`${pointer}/${String(index)}`))
    const also = first ? [{ where: first, note: 'the first one' }] : []
    return problem('VALUE_OUT_OF_RANGE', second ?? at.locate(pointer), message, { hint, also })
  }
  return told('VALUE_OUT_OF_RANGE', misfit, at.locate(pointer), message, hint)
}

/** How much there is of what is too much or too little. */
function amount(found: unknown, keyword: string): string {
  if (typeof found === 'number') return `, not ${found}`
  if (keyword === 'uniqueItems') return ''
  if (typeof found === 'string') return `, not ${[...found].length}`
  if (Array.isArray(found)) return `, not ${found.length}`
  return isObject(found) ? `, not ${Object.keys(found).length}` : ''
}
