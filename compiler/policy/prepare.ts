import type { Problem } from '../../domain/problem.ts'
import { problem } from '../problem.ts'
import { type Catalogue, referenceHint } from '../resolve/catalogue.ts'
import type { SpecOf } from '../validate/validate.ts'
import { type Expression, type Expressions, isRefused, type Types } from './cel/expressions.ts'
import { referencesOf } from './cel/references.ts'
import { placeInText } from './text-place.ts'

export type PolicySpec = SpecOf<'Policy'>

export interface Named {
  readonly name: string
  readonly expression: Expression
}

export interface Validation {
  readonly expression: Expression
  readonly message: string | null
  readonly messageExpression: Expression | null
  /** Into the Policy, for whoever wants to see the rule. */
  readonly pointer: string
}

/** A Policy whose expressions were all parsed and checked. */
export interface Prepared {
  readonly spec: PolicySpec
  readonly conditions: readonly Named[]
  readonly variables: readonly Named[]
  readonly validations: readonly Validation[]
}

/** What policies have without declaring it; `specyard policies --output admission` declares it for the cluster. */
export const givenVariables: Types = { environmentName: 'string', namespaces: 'list<string>' }

/** Parses and checks every expression of a Policy; undefined, with problems at their line and column, where one is not as it must be. */
export function prepare(
  spec: PolicySpec,
  expressions: Expressions,
  known: Catalogue,
  problems: Problem[],
): Prepared | undefined {
  const before = problems.length
  const { matchConditions = [], variables = [], validations } = spec.value.spec
  const types: Record<string, string> = { ...givenVariables }
  const parse = (text: string, pointer: string, wanted: 'bool' | 'string' | null): Expression | null =>
    parsed(spec, expressions, { text, pointer, wanted }, types, problems)
  const named = (at: string, { name, expression }: { name: string; expression: string }, wanted: 'bool' | null) => {
    const one = parse(expression, `${at}/expression`, wanted)
    return one ? [{ name, expression: one }] : []
  }
  const prepared = {
    spec,
    conditions: matchConditions.flatMap((one, index) => {
      const at = `/spec/matchConditions/${index}`
      const known = named(at, one, 'bool')
      return known.length > 0 && asksForVariables(spec, one.expression, `${at}/expression`, problems) ? [] : known
    }),
    variables: variables.flatMap((one, index) => {
      const known = named(`/spec/variables/${index}`, one, null)
      types[one.name] = known[0]?.expression.type ?? 'dyn'
      return known
    }),
    validations: validations.flatMap((one, index): readonly Validation[] => {
      const pointer = `/spec/validations/${index}/expression`
      const expression = parse(one.expression, pointer, 'bool')
      const told = one.messageExpression
      const messageExpression =
        told === undefined ? null : parse(told, `/spec/validations/${index}/messageExpression`, 'string')
      return expression ? [{ expression, message: one.message ?? null, messageExpression, pointer }] : []
    }),
  }
  checkNames(spec, problems)
  checkEnvironments(spec, known, problems)
  return problems.length === before ? prepared : undefined
}

function parsed(
  { document, value }: PolicySpec,
  expressions: Expressions,
  {
    text,
    pointer,
    wanted,
  }: { readonly text: string; readonly pointer: string; readonly wanted: 'bool' | 'string' | null },
  types: Types,
  problems: Problem[],
): Expression | null {
  const one = expressions.parse(text, types)
  const name = value.metadata.name
  const hint = 'policies are in CEL, with what the API server adds to it: docs/policies.md'
  if (isRefused(one)) {
    const where = placeInText(document, pointer, text, one.offset)
    problems.push(problem('POLICY_EXPRESSION', where, `policy "${name}" cannot be read: ${one.message}`, { hint }))
    return null
  }
  if (wanted === null || one.type === wanted || one.type === 'dyn') return one
  const message = `an expression of policy "${name}" must be ${wanted}, and is ${one.type}`
  problems.push(problem('POLICY_EXPRESSION', document.locate(pointer), message, { hint }))
  return null
}

/** In the cluster conditions are looked at first, when there are no variables yet: what passed here would be refused there. */
function asksForVariables(
  { document, value }: PolicySpec,
  expression: string,
  pointer: string,
  problems: Problem[],
): boolean {
  const offset = referencesOf(expression).names.get('variables')
  if (offset === undefined) return false
  const message = `policy "${value.metadata.name}" cannot be read: a condition knows no variables`
  const hint = 'conditions are looked at before variables are made, as in the cluster: ask for them in validations'
  const where = placeInText(document, pointer, expression, offset)
  problems.push(problem('POLICY_EXPRESSION', where, message, { hint }))
  return true
}

/** Of two variables or conditions with one name, one would silently be another; the cluster refuses them. */
function checkNames({ document, value }: PolicySpec, problems: Problem[]): void {
  const { variables = [], matchConditions = [] } = value.spec
  const check = (at: string, what: string, names: readonly string[], given: readonly string[]): void => {
    for (const [index, name] of names.entries()) {
      const first = names.indexOf(name)
      if (first === index && !given.includes(name)) continue
      const why = given.includes(name) ? 'every policy has without declaring it' : 'stands there already'
      const also = first === index ? [] : [{ where: document.locate(`${at}/${first}/name`), note: 'the other one' }]
      const message = `policy "${value.metadata.name}" declares the ${what} "${name}", which ${why}`
      const where = document.locate(`${at}/${index}/name`)
      problems.push(problem('NAME_TAKEN', where, message, { hint: 'give it another name', also }))
    }
  }
  check(
    '/spec/variables',
    'variable',
    variables.map(({ name }) => name),
    Object.keys(givenVariables),
  )
  check(
    '/spec/matchConditions',
    'condition',
    matchConditions.map(({ name }) => name),
    [],
  )
}

/** A policy for an environment that is not there would look like one that holds. */
function checkEnvironments({ document, value }: PolicySpec, known: Catalogue, problems: Problem[]): void {
  const names = [...known.environments.keys()]
  for (const [index, name] of (value.spec.match?.environments ?? []).entries()) {
    if (known.environments.has(name) || known.isBroken('Environment', '', name)) continue
    const where = document.locate(`/spec/match/environments/${index}`)
    const hint = referenceHint(name, names, 'Environment')
    problems.push(problem('ENVIRONMENT_UNKNOWN', where, `nobody has defined the environment "${name}"`, { hint }))
  }
}
