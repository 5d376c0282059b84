import type { ErrorObject } from 'ajv'
import type { Place, Problem } from '../../domain/problem.ts'
import type { SpecKind } from '../../domain/specs.generated.ts'
import { escapePointer, pointerSteps } from '../load/walk.ts'
import { problem } from '../problem.ts'
import { nearest } from './nearest.ts'
import { type SchemaNode, schemaAt } from './schemas.ts'

const exampleLengthMax = 160

/** Tells where a part of a value was written; a merged value may come from several documents. */
export interface Locator {
  locate(pointer: string): Place
  locateKey(pointer: string): Place
}

/** Turns a validator's errors into one problem for each real cause, in its own words, at its place, with the remedy. */
export function explainErrors(
  kind: SpecKind,
  value: unknown,
  errors: readonly ErrorObject[],
  at: Locator,
): readonly Problem[] {
  return withoutNoise(value, errors).map((error) => explain(kind, value, error, at))
}

/** Errors inside alternatives say little; kept are those of the alternative that was meant, or one for the whole choice. */
function withoutNoise(value: unknown, errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf')
  const dropped = new Set<ErrorObject>()
  for (const choice of choices) {
    const inner = errors.filter(
      (error) =>
        error !== choice &&
        error.schemaPath.startsWith(`${choice.schemaPath}/`) &&
        error.instancePath.startsWith(choice.instancePath),
    )
    const isMapping = isObject(valueAt(value, choice.instancePath))
    const meant = inner.filter(
      (error) =>
        error.instancePath.length > choice.instancePath.length ||
        (isMapping && (error.keyword === 'required' || error.keyword === 'additionalProperties')),
    )
    for (const error of inner) if (!meant.includes(error)) dropped.add(error)
    if (meant.length > 0) dropped.add(choice)
  }
  return errors.filter((error) => !dropped.has(error) && error.keyword !== 'propertyNames')
}

function explain(kind: SpecKind, value: unknown, error: ErrorObject, at: Locator): Problem {
  const { instancePath: pointer, keyword } = error
  const schema = schemaAt(kind, error.schemaPath)
  const params = error.params as Record<string, unknown>
  const found = valueAt(value, pointer)
  const name = dotted(pointer) || kind
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(kind, pointer, String(params['additionalProperty']), schema, at)
    case 'required': {
      const missing = String(params['missingProperty'])
      return problem('KEY_MISSING', at.locateKey(pointer), `${name} lacks "${missing}"`, {
        hint: missingHint(schema, missing),
      })
    }
    case 'type':
    case 'anyOf':
      return problem(
        'TYPE_WRONG',
        at.locate(pointer),
        `${name} must be ${wanted(schema, params['type'])}, not ${described(found)}`,
        {
          hint: typeHint(found, schema, params['type']),
        },
      )
    case 'enum':
    case 'const': {
      const allowed = keyword === 'const' ? [params['allowedValue']] : (params['allowedValues'] as unknown[])
      const near =
        typeof found === 'string'
          ? nearest(
              found,
              allowed.filter((one): one is string => typeof one === 'string'),
            )
          : undefined
      const list = allowed.map((one) => JSON.stringify(one)).join(', ')
      return problem('VALUE_NOT_ALLOWED', at.locate(pointer), `${name} cannot be ${described(found)}`, {
        hint: near === undefined ? `use one of: ${list}` : `did you mean "${near}"? Allowed: ${list}`,
      })
    }
    case 'pattern':
      return badForm(pointer, found, schema, error.propertyName, at)
    default:
      return outOfRange(pointer, found, keyword, params, schema, at)
  }
}

function unknownKey(kind: SpecKind, pointer: string, key: string, schema: SchemaNode, at: Locator): Problem {
  const known = Object.keys(schema.properties ?? {})
  const near = nearest(key, known)
  const where = at.locateKey(`${pointer}/${escapePointer(key)}`)
  const inside = dotted(pointer) || kind
  return problem('KEY_UNKNOWN', where, `${inside} has no "${key}"`, {
    hint: near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`,
  })
}

function badForm(pointer: string, found: unknown, schema: SchemaNode, key: string | undefined, at: Locator): Problem {
  const example = schema.examples?.[0]
  const hint = [schema.description, example === undefined ? undefined : `Example: ${JSON.stringify(example)}`]
    .filter(Boolean)
    .join(' ')
  const what =
    key === undefined
      ? `${dotted(pointer)} cannot be ${described(found)}`
      : `${dotted(pointer)} cannot have the name "${key}"`
  const where = key === undefined ? at.locate(pointer) : at.locateKey(`${pointer}/${escapePointer(key)}`)
  return problem('FORMAT_WRONG', where, what, { hint: hint || undefined })
}

function outOfRange(
  pointer: string,
  found: unknown,
  keyword: string,
  params: Record<string, unknown>,
  schema: SchemaNode,
  at: Locator,
): Problem {
  const limit = String(params['limit'] ?? '')
  const name = dotted(pointer)
  const rules: Record<string, string> = {
    minimum: `at least ${limit}`,
    exclusiveMinimum: `more than ${limit}`,
    maximum: `at most ${limit}`,
    minLength: `at least ${limit} characters long`,
    maxLength: `at most ${limit} characters long`,
    minItems: `at least ${limit} entries long`,
    maxItems: `at most ${limit} entries long`,
    minProperties: `a mapping of at least ${limit} entries`,
    maxProperties: `a mapping of at most ${limit} entries`,
    uniqueItems: 'without repetitions',
  }
  const rule = rules[keyword] ?? 'as the schema says'
  const shown = typeof found === 'number' ? `, not ${found}` : ''
  return problem('VALUE_OUT_OF_RANGE', at.locate(pointer), `${name} must be ${rule}${shown}`, {
    hint: schema.description,
  })
}

function missingHint(schema: SchemaNode, missing: string): string | undefined {
  const property = schema.properties?.[missing]
  const example = shortExample(property)
  return example === undefined ? property?.description : `for example ${missing}: ${example}`
}

/** The first example of a schema as JSON; undefined where there is none, or one too long to be read in a hint. */
function shortExample(schema: SchemaNode | undefined): string | undefined {
  const example = JSON.stringify(schema?.examples?.[0])
  return example !== undefined && example.length <= exampleLengthMax ? example : undefined
}

function wanted(schema: SchemaNode, type: unknown): string {
  const types = type ?? typesOf(schema)
  const words: Record<string, string> = {
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    object: 'a mapping',
    array: 'a list',
  }
  return [types]
    .flat()
    .map((one) => words[String(one)] ?? String(one))
    .join(' or ')
}

/** The types that a schema allows, those of its alternatives included. */
function typesOf(schema: SchemaNode): readonly string[] {
  const own = schema.type ?? (typeof schema.const === 'string' ? JSON.stringify(schema.const) : [])
  return [...[own].flat(), ...(schema.anyOf ?? []).flatMap(typesOf)]
}

function typeHint(found: unknown, schema: SchemaNode, type: unknown): string | undefined {
  const types = [type ?? typesOf(schema)].flat()
  if (types.includes('string') && (typeof found === 'number' || typeof found === 'boolean')) {
    return `quote it exactly as you mean it, such as "${String(found)}": without quotes YAML reads a number or switch, so that 1.10 becomes 1.1 and 012 becomes 12`
  }
  if (types.includes('boolean') && typeof found === 'string' && /^(yes|no|on|off)$/i.test(found)) {
    return `YAML 1.2 reads ${found} as text; write ${/^(yes|on)$/i.test(found) ? 'true' : 'false'}`
  }
  if (
    (types.includes('integer') || types.includes('number')) &&
    typeof found === 'string' &&
    found.trim() !== '' &&
    Number.isFinite(Number(found))
  ) {
    return 'remove the quotes'
  }
  if (found === null) return 'give it a value, or remove the key'
  const example = shortExample(schema)
  return example === undefined ? schema.description : `for example ${example}`
}

function described(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'a mapping'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}

/** `spec.training.epochs` for `/spec/training/epochs`. */
export function dotted(pointer: string): string {
  return pointerSteps(pointer)
    .map((step) => (/^[A-Za-z_][\w-]*$|^\d+$/.test(step) ? step : JSON.stringify(step)))
    .join('.')
}

function valueAt(value: unknown, pointer: string): unknown {
  let node = value
  for (const step of pointerSteps(pointer))
    node = isObject(node) || Array.isArray(node) ? (node as Record<string, unknown>)[step] : undefined
  return node
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
