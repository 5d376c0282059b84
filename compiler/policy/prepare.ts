import type { Problem } from '../../domain/problem.ts'
import { problem } from '../problem.ts'
import { type Catalogue, referenceHint } from '../resolve/catalogue.ts'
import type { SpecOf } from '../validate/validate.ts'
import { type Expression, type Expressions, isRefused, type Types } from './cel/expressions.ts'
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
    // Conditions are looked at first, and may use no variables, as in the cluster.
    conditions: matchConditions.flatMap((one, index) => named(`/spec/matchConditions/${index}`, one, 'bool')),
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
