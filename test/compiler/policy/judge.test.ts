import { describe, expect, it } from 'vitest'
import { compile } from '../../../compiler/compile.ts'
import { judge } from '../../../compiler/policy/judge.ts'
import { operate } from '../../../compiler/operate/operate.ts'
import { hasErrors, type Problem } from '../../../domain/problem.ts'
import {
  address,
  chart,
  compileTexts,
  deployedAfter,
  endpoint,
  nothing,
  firstVersion,
  perform,
  publishTexts,
  source,
  sourcesOf,
  training,
} from '../../support/compiler.ts'

const jobs = '{ apiGroups: [batch], apiVersions: [v1], resources: [jobs] }'
const deployments = '{ apiGroups: [apps], apiVersions: [v1], resources: [deployments] }'

/** A policy of one expression, or of what else stands in its spec. */
function policy(expression: string, more = '', rules = `${jobs}, ${deployments}`, name = 'rule'): string {
  return `apiVersion: specyard.dev/v1
kind: Policy
metadata: { name: ${name} }
spec:
  matchConstraints: { resourceRules: [${rules}] }
${more}  validations:
    - expression: ${expression}
`
}

const onProd = (text: string): string => text.replace('environment: dev', 'environment: prod')
const said = (problems: readonly Problem[]): readonly string[] =>
  problems
    .filter((one) => one.code.startsWith('POLICY') || one.severity === 'error')
    .map(({ code, message, where: { file, line, column } }) => `${file}:${line}:${column} ${code} ${message}`)
const of = (...texts: readonly string[]): readonly string[] => said(compileTexts(texts).problems)

const other = endpoint().replace(
  'environments: { dev: {}, prod: { replicas: { min: 2, max: 3 }, autoscale: { cpuUtilization: 70 } } }',
  'environments: { dev: {}, prod: { image: example/other:2 } }',
)
const registered = perform(publishTexts([]), firstVersion).deployed

describe('a policy', () => {
  it.each<readonly [string, readonly string[], string]>([
    [
      'names the value of the spec that it denies',
      [training(), policy('object.spec.template.spec.containers.all(c, c.image.matches("@sha256:"))')],
      'specs/1.yaml:10:10',
    ],
    [
      'names the value of an overlay that it denies',
      [other, policy('object.spec.template.spec.containers.all(c, !c.image.contains("other"))')],
      'specs/1.yaml:11:43',
    ],
    [
      'names what comes from the Environment',
      [onProd(training()), policy('object.metadata.?namespace.orValue("") != "ml-language"')],
      'specs/0.yaml:9:73',
    ],
    [
      'names the part of the spec that it asks about',
      [training(), policy('\'"team" in spec.metadata.?labels.orValue({})\'')],
      'specs/1.yaml:3:11',
    ],
    [
      'names the beginning of the spec where nobody wrote what it denies',
      [training(), policy('has(object.spec.nothingOfTheKind)')],
      'specs/1.yaml:1:1',
    ],
  ])('%s', (_title, texts, place) => {
    const told = of(...texts)
    expect(told).toHaveLength(1)
    expect(told[0]).toContain(`${place} POLICY_DENIED policy "rule" denies`)
  })

  it('names its own line beside the place', () => {
    const [told] = compileTexts([training(), policy('has(object.spec.nothingOfTheKind)')]).problems.filter(
      (one) => one.code === 'POLICY_DENIED',
    )
    expect(told?.also).toEqual([
      {
        where: expect.objectContaining({ file: 'specs/2.yaml', line: 7, column: 19 }) as unknown,
        note: 'the policy "rule"',
      },
    ])
  })

  it('that denies leaves nothing to publish, and one that warns everything', () => {
    const denied = compileTexts([training(), policy('false == true')])
    expect([hasErrors(denied.problems), denied.tree, denied.change.size]).toEqual([true, null, 0])
    const warned = compileTexts([training(), policy('false == true', '  validationActions: [Warn]\n')])
    expect([hasErrors(warned.problems), said(warned.problems)]).toEqual([
      false,
      [expect.stringContaining('POLICY_WARNED policy "rule" warns of Job')],
    ])
    expect(warned.impact.starts).toHaveLength(1)
  })

  it.each<readonly [string, string, number]>([
    ['of another environment', '  match: { environments: [prod] }\n', 0],
    ['of its environment', '  match: { environments: [dev] }\n', 1],
    ['of another project', '  match: { projects: [vision] }\n', 0],
    ['of its project', '  match: { projects: [vision, language] }\n', 1],
    ['of another kind of cluster', '  match: { clusters: [kubernetes] }\n', 0],
    ['of its kind of cluster', '  match: { clusters: [local] }\n', 1],
    ['whose condition is false', '  matchConditions: [{ name: a, expression: object.kind == "Pod" }]\n', 0],
    ['whose condition is true', '  matchConditions: [{ name: a, expression: object.kind == "Job" }]\n', 1],
    ['whose condition fails', '  matchConditions: [{ name: a, expression: object.nothing == 1 }]\n', 1],
  ])('%s says as much of a training', (_title, more, count) => {
    const denials = of(training(), policy('false == true', more)).filter((one) => one.includes('POLICY_DENIED'))
    expect(denials).toHaveLength(count)
  })

  it('of resources that are not rendered says nothing, and one of all resources sees Applications and Services too', () => {
    expect(
      of(onProd(training()), policy('false == true', '', '{ apiGroups: [""], apiVersions: [v1], resources: [pods] }')),
    ).toEqual([])
    const all = policy('object.kind == "?"', '', "{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }")
    const kinds = of(onProd(training('letters', '  nodes: 2\n')), all).map((one) => /denies (\w+)/.exec(one)?.[1])
    expect(kinds.sort()).toEqual(['Application', 'Job', 'Service'])
  })

  it('sees the plan, the spec, the Environment, the request and its variables', () => {
    const more = '  variables: [{ name: one, expression: "1" }, { name: two, expression: variables.one + 1 }]\n'
    const sees = [
      'plan.kind == "TrainingJob" && plan.nodes == 1',
      'spec.metadata.name == "letters"',
      'environment.metadata.name == "dev"',
      'request.kind.kind == "Job" && request.kind.group == "batch" && request.operation == "CREATE" && request.namespace == "language"',
      'variables.two == 2 && variables.environmentName == "dev" && variables.namespaces == ["language"]',
      'oldObject == null',
    ]
    for (const expression of sees)
      expect([expression, of(training(), policy(`'${expression}'`, more))]).toEqual([expression, []])
  })

  it('tells its message, the one that an expression makes, or that an evaluation failed', () => {
    const message = (more: string): string | undefined =>
      of(training(), `${policy('false == true')}${more}`)[0]
        ?.split(': ')
        .slice(1)
        .join(': ')
    expect(message('')).toBe('its expression is false')
    expect(message('      message: not so\n')).toBe('not so')
    expect(message('      messageExpression: \'"not " + object.kind\'\n')).toBe('not Job')
    expect(message('      message: not so\n      messageExpression: object.nothing\n')).toBe('not so')
    expect(of(training(), policy('object.nothing == 1'))[0]).toContain('it cannot be evaluated: No such key: nothing')
  })

  it('holds for an endpoint in the Deployment that its chart makes', () => {
    const rule = policy('object.spec.template.spec.containers[0].name == "trainer"', '', deployments)
    const served = compileTexts([endpoint(), rule], registered)
    expect(served.impact.releases).toEqual([])
    expect(said(served.problems)).toEqual([
      expect.stringContaining('denies Deployment letters in dev'),
      expect.stringContaining('denies Deployment letters in prod'),
    ])
  })

  it('holds for an endpoint that waits for its model, because nobody compiles when that comes', () => {
    expect(of(endpoint(), policy('object.kind != "Deployment"', '', deployments))).toEqual([
      expect.stringContaining('denies Deployment letters in dev'),
      expect.stringContaining('denies Deployment letters in prod'),
    ])
    const waiting = publishTexts([endpoint()])
    expect(
      said(compileTexts([endpoint(), policy('object.kind != "Deployment"', '', deployments)], waiting).problems),
    ).toEqual([])
  })

  it('with an environment that nobody has defined is a problem, for it would look as if it held', () => {
    expect(of(policy('"true"', '  match: { environments: [pord] }\n'))).toEqual([
      expect.stringContaining('ENVIRONMENT_UNKNOWN nobody has defined the environment "pord"'),
    ])
  })

  it('with a project of which nothing is known is a warning, for it would look as if it held', () => {
    const about = (name: string, more = ''): readonly string[] =>
      of(policy('"true"', `  match: { projects: [language, ${name}] }\n`), more)
    expect(about('langage')).toEqual([
      'specs/1.yaml:6:33 POLICY_WARNED policy "rule" is about project "langage", of which there is no spec and no namespace',
    ])
    // A project is there with its first spec.
    const first =
      'apiVersion: specyard.dev/v1\nkind: Model\nmetadata: { name: eyes, project: vision }\nspec: { family: x }\n'
    expect([about('vision').length, about('vision', first).length]).toEqual([1, 0])
  })

  it('knows the projects of trainings that stand beside the specs', () => {
    const sources = sourcesOf([policy('"true"', '  match: { projects: [vision] }\n')])
    const input = { ...{ sources, source, deployed: nothing, chart, deploy: address }, judge }
    const beside = { folders: [{ environment: 'dev', project: 'vision', queues: false }], charts: [] }
    expect([said(compile(input).problems).length, said(compile({ ...input, beside }).problems).length]).toEqual([1, 0])
  })

  it.each<readonly [string, string, string]>([
    [
      'whose condition asks for a variable that every policy has',
      '  matchConditions: [{ name: a, expression: \'true || variables.environmentName == "dev"\' }]\n',
      '6:53 POLICY_EXPRESSION policy "rule" cannot be read: a condition knows no variables',
    ],
    [
      'with a variable that every policy has',
      '  variables: [{ name: one, expression: "1" }, { name: namespaces, expression: \'["a"]\' }]\n',
      '6:55 NAME_TAKEN policy "rule" declares the variable "namespaces", which every policy has without declaring it',
    ],
    [
      'with two variables of one name',
      '  variables: [{ name: one, expression: "1" }, { name: one, expression: "2" }]\n',
      '6:55 NAME_TAKEN policy "rule" declares the variable "one", which stands there already',
    ],
    [
      'with two conditions of one name',
      '  matchConditions: [{ name: a, expression: "true" }, { name: a, expression: "true" }]\n',
      '6:62 NAME_TAKEN policy "rule" declares the condition "a", which stands there already',
    ],
  ])('%s is refused, as the cluster would', (_title, more, told) => {
    expect(of(policy('"true"', more))).toEqual([`specs/1.yaml:${told}`])
  })

  it('whose condition names one of its own variable is let through', () => {
    expect(
      of(policy('"true"', "  matchConditions: [{ name: a, expression: '[1].all(variables, variables == 1)' }]\n")),
    ).toEqual([])
  })

  it('without anybody who judges is a defect, not a rule that holds', () => {
    const input = {
      sources: sourcesOf([training(), policy('false == true')]),
      source,
      deployed: nothing,
      chart,
      deploy: address,
    }
    expect(() => compile(input)).toThrow('nobody handed over what judges')
  })
})

describe('a new policy', () => {
  const strict = policy('false == true')

  it('is not held against a run that is published, but against the next one', () => {
    const deployed = publishTexts([training()])
    const again = compileTexts([training(), strict], deployed)
    expect([said(again.problems), again.impact.keeps.length]).toEqual([[], 1])
    expect(said(compileTexts([training('letters', '  rerun: 1\n'), strict], deployed).problems)).toHaveLength(1)
  })

  it('does not keep a run from being cancelled by taking its spec away', () => {
    const deployed = publishTexts([training()])
    const gone = compileTexts([strict], deployed)
    expect([said(gone.problems), gone.impact.cancels.length]).toEqual([[], 1])
  })

  it('blocks no operation: a retry is rendered from the stored plan', () => {
    const deployed = publishTexts([training()])
    const [plan] = compileTexts([training()]).impact.starts
    const under = deployedAfter(deployed, compileTexts([training(), strict], deployed).change)
    const run = { environment: 'dev', project: 'language', name: 'letters' }
    const retry = {
      kind: 'retry',
      key: run,
      runId: plan?.id ?? '',
      expectAttempt: 1,
      attempt: 2,
      failureClass: 'APP_EXIT',
      checkpointUri: null,
    } as const
    const operated = operate(under, [retry], chart, address)
    expect([...operated.change.keys()].some((path) => path.endsWith('-2.yaml'))).toBe(true)
  })
})

describe('a place in an expression', () => {
  it.each<readonly [string, string, string]>([
    ['plain', 'request.nmae == "a"', '7:27'],
    ['in single quotes', `'"it''s" == request.nmae'`, '7:39'],
    ['in double quotes', '"\\"a\\" == request.nmae"', '7:37'],
    ['in lines that are kept', '|\n        true &&\n          request.nmae == "a"', '9:19'],
    ['in lines that are joined', '>-\n        true &&\n        request.nmae == "a"', '9:17'],
  ])('%s is the line and column of its character', (_title, text, place) => {
    expect(of(policy(text))).toEqual([
      `specs/1.yaml:${place} POLICY_EXPRESSION policy "rule" cannot be read: No such key: nmae`,
    ])
  })

  it('that is no regular expression is told once, of the policy and not of every spec', () => {
    expect(of(training(), training('other'), policy(`'object.metadata.name.matches("[")'`))).toEqual([
      expect.stringMatching(/^specs\/3\.yaml:7:49 POLICY_EXPRESSION policy "rule" cannot be read: "\[" is no regular/),
    ])
  })

  it('of another type than it must have is the whole expression', () => {
    expect(of(policy('1 + 1'))).toEqual([
      expect.stringContaining(
        'specs/1.yaml:7:19 POLICY_EXPRESSION an expression of policy "rule" must be bool, and is int',
      ),
    ])
    expect(of(`${policy('"true"')}      messageExpression: 1 + 1\n`)).toEqual([
      expect.stringContaining('must be string, and is int'),
    ])
  })
})
