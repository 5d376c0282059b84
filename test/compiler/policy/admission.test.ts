import { describe, expect, it } from 'vitest'
import { admissionOf } from '../../../compiler/policy/admission.ts'
import { referencesOf } from '../../../compiler/policy/cel/references.ts'
import type { Environment, Policy } from '../../../domain/specs.generated.ts'

const environment = {
  metadata: { name: 'prod' },
  spec: { cluster: { kubernetes: { context: 'prod', namespaces: { language: 'ml-language' } } } },
} as unknown as Environment

/** What the cluster gets of a policy of one expression: the names of its variables, or why it gets nothing. */
function given(expression: string): string {
  const resourceRules = [{ apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'] }]
  const policy = {
    metadata: { name: 'rule' },
    spec: { matchConstraints: { resourceRules }, validations: [{ expression }] },
  } as unknown as Policy
  const made = admissionOf(policy, environment, [environment])
  if (made.is === 'left-out') return made.why
  const { variables = [] } = made.objects[0]?.['spec'] as unknown as { variables?: readonly { name: string }[] }
  return variables.map(({ name }) => name).join(', ')
}

describe('what the cluster gets of a policy', () => {
  it.each([
    ['asks for the plan', 'plan.nodes == 1', 'it asks for plan, which the cluster does not know'],
    ['asks for the spec', 'has(spec.metadata.labels)', 'it asks for spec, which the cluster does not know'],
    ['asks for a part of the object', 'has(object.spec) && object.?plan.hasValue()', ''],
    ['names the plan in a comment', 'true // not the plan', ''],
    ['names the plan in a text', '"plan" != r\'the "plan"\' && """the plan""" != ""', ''],
    ['calls something of its own plan', '[1].all(plan, plan == 1) && cel.bind(spec, 1, spec == 1)', ''],
    [
      'asks for the plan where something of its own is called so elsewhere',
      'plan.tags.all(plan, plan != "a")',
      'it asks for plan, which the cluster does not know',
    ],
    ['asks for a key that is called so', 'object.metadata.labels["plan"] == {"spec": "a"}.spec', ''],
    ['asks for the namespaces', 'object.metadata.namespace in variables.namespaces', 'namespaces'],
    ['asks for them as what need not be there', 'variables.?namespaces.hasValue()', 'namespaces'],
    ['names them in a text', 'object.metadata.name != "variables.namespaces"', ''],
    ['asks for the name of the environment', 'variables.environmentName == "prod"', 'environmentName'],
  ])('that %s', (_title, expression, expected) => {
    expect(given(expression)).toBe(expected)
  })

  it('is asked for at the character where a name stands first', () => {
    const { names, variables } = referencesOf('object.a == 1 && [2].exists(c, c == variables.two + variables.one)')
    expect([[...names], [...variables]]).toEqual([
      [
        ['object', 0],
        ['variables', 36],
      ],
      ['two', 'one'],
    ])
  })
})
