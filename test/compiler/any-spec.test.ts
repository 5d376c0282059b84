import fc from 'fast-check'
import { loadAll } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { compile } from '../../compiler/compile.ts'
import type { EndpointPlan, TrainingPlan } from '../../domain/plan.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { address, chart, deployedAfter, nothing, perform, source } from '../support/compiler.ts'
import { hostileText as text } from '../support/hostile-text.ts'

const written = text.filter((one) => one.length > 0)
/** What a program can be given. */
const given = text.filter((one) => !one.includes('\0'))
const name = fc.stringMatching(/^[a-z]([-a-z0-9]{0,10}[a-z0-9])?$/)
const key = written.filter((one) => !['__proto__', 'constructor', 'prototype'].includes(one))
const setting = fc.oneof(
  text,
  fc.integer({ min: -1e9, max: 1e9 }),
  fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
  fc.boolean(),
)
const settings = fc.dictionary(key, setting, { maxKeys: 3 })
const variableName = fc.stringMatching(/^[a-z_][a-z0-9_]{0,9}$/)
/** What the API server takes for names of Secrets, their keys and claims; others are refused. */
const secret = fc.record({ secret: name, key: fc.stringMatching(/^[a-zA-Z0-9_][-._a-zA-Z0-9]{0,9}$/) })
const variables = fc.dictionary(variableName, fc.oneof(given, secret), {
  maxKeys: 3,
})
const words = fc.array(given, { minLength: 1, maxLength: 4 })
const cpu = fc.constantFrom('1', '0.5', '250m', '1.25', '999999')
const memory = fc.constantFrom('1Gi', '1.5Gi', '100M', '1024', '0.1k', '7Ti')

const trainingSpec = fc.record({
  environment: fc.constantFrom('dev', 'prod'),
  task: fc.record({ type: fc.constant('classification'), classNames: fc.array(text, { maxLength: 3 }) }),
  model: fc.record({ name: written, source: fc.constant('custom'), pretrainedWeights: written }),
  dataset: fc.record({ ref: fc.constant('data'), augmentation: settings }),
  training: fc.record({ epochs: fc.integer({ min: 1, max: 1e6 }), optimizer: written, parameters: settings }),
  image: fc.stringMatching(/^example\/trainer(:[A-Za-z0-9._-]{1,10})?$/),
  command: words,
  args: words,
  env: variables,
  resources: fc.record({
    cpu: fc.record({ request: fc.constant('1m'), limit: cpu }),
    memory: fc.record({ request: fc.constant('1'), limit: memory }),
  }),
  timeoutSeconds: fc.integer({ min: 60, max: 86_400 }),
})
const endpointSpec = fc.record({
  model: fc.record({ ref: fc.constant('model'), family: written }),
  serveTarget: fc.constantFrom('GENERATION', 'RAG'),
  framework: fc.constant('fastapi'),
  image: fc.constant('example/server:1'),
  command: words,
  args: words,
  env: variables,
  port: fc.integer({ min: 1, max: 65_535 }),
  route: fc.stringMatching(/^\/[A-Za-z0-9/_-]{0,10}$/),
  promptTemplate: fc.constant({ ref: 'prompt' }),
  rollbackPlan: written,
  environments: fc.record({
    dev: fc.record({ env: fc.dictionary(variableName, fc.oneof(given, fc.constant(null)), { maxKeys: 2 }) }),
    prod: fc.constant({}),
  }),
})

/** JSON, which is YAML, in ASCII: how a value is written is the matter of other tests. */
const asYaml = (kind: string, metadata: object, spec: unknown): string =>
  JSON.stringify({ apiVersion: 'specyard.dev/v1', kind, metadata, spec }).replace(
    /[\u007f-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const repository = fc
  .record({
    name,
    project: name,
    training: trainingSpec,
    endpoint: endpointSpec,
    prompt: written,
    uri: written,
    path: written,
    host: fc.stringMatching(/^[a-z0-9.-]{1,10}$/),
  })
  .map((one) => {
    const inProject = (called: string) => ({ name: called, project: one.project })
    const kubernetes = { context: one.path, namespaces: { [one.project]: 'ns' } }
    const documents = [
      asYaml(
        'Environment',
        { name: 'dev' },
        { cluster: 'local', follow: 'newest', images: { 'example/trainer': one.path, 'example/server': one.path } },
      ),
      asYaml(
        'Environment',
        { name: 'prod' },
        { cluster: { kubernetes }, storage: { type: 'pvc', claim: one.name }, ingress: { host: one.host } },
      ),
      asYaml('Dataset', inProject('data'), { uri: one.uri, format: 'text' }),
      asYaml('Model', inProject('model'), { family: one.prompt }),
      asYaml('PromptTemplate', inProject('prompt'), { text: one.prompt }),
      asYaml('TrainingJob', inProject(one.name), one.training),
      asYaml('ServingEndpoint', inProject(one.name), one.endpoint),
    ]
    return documents.map((content, index): SourceFile => ({
      path: `specs/${index}.yaml`,
      bytes: new TextEncoder().encode(content),
    }))
  })

const compiled = (sources: readonly SourceFile[], deployed = nothing) =>
  compile({ sources, source, deployed, chart, deploy: address })
/** As a file of UTF-8 holds it: half a pair of surrogates becomes U+FFFD. */
function asFile(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('utf8')
  if (Array.isArray(value)) return value.map(asFile)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([inner, one]) => [asFile(inner), asFile(one)]))
}
const literals = (variables: readonly { name: string }[]) =>
  variables.filter(
    (one) =>
      'value' in one &&
      !/^(MODEL_(NAME|VERSION|DIGEST|URI)|ATTEMPT|CHECKPOINT_URI|CALLBACK_TOKEN_FILE|KUBEFLOW_TRAINER_SERVER_(URL|TOKEN|CA_CERT))$/.test(
        one.name,
      ),
  )

interface Container {
  readonly image: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: readonly {
    name: string
    value?: string
    valueFrom?: { secretKeyRef?: { name: string; key: string } }
  }[]
}

function read(content: string): unknown {
  const [fast, ...more] = loadAll(content)
  expect(more).toEqual([])
  expect(parseAllDocuments(content).map((one) => one.toJS() as unknown)).toEqual([fast])
  return fast
}

function expectJob(manifest: string, plan: TrainingPlan): void {
  const job = read(manifest) as {
    kind: string
    spec: { activeDeadlineSeconds: number; template: { spec: { containers: Container[] } } }
  }
  const [container] = job.spec.template.spec.containers
  expect([job.kind, job.spec.activeDeadlineSeconds]).toEqual(['Job', plan.timeoutSeconds])
  expect([container?.image, container?.command, container?.args]).toEqual(
    asFile([plan.image, plan.command, plan.arguments]),
  )
  expect(literals(container?.env ?? [])).toEqual(asFile(literals(plan.variables)))
  const config = container?.env.find((one) => one.name === 'TRAINING_CONFIG')?.value ?? ''
  expect(asFile(JSON.parse(config))).toEqual(asFile(plan.training))
}

function expectValues(values: string, plan: EndpointPlan): void {
  const read_ = read(values) as Container & {
    model: { family: string }
    promptTemplate: { text: string }
    host: string | null
    route: string
  }
  expect([read_.image, read_.command, read_.args]).toEqual(asFile([plan.image, plan.command, plan.arguments]))
  expect(literals(read_.env)).toEqual(asFile(literals(plan.variables)))
  expect([read_.model.family, read_.promptTemplate.text]).toEqual(
    asFile([plan.model.family, plan.promptTemplate?.text]),
  )
  expect([read_.host, read_.route]).toEqual([plan.ingressHost, plan.route])
}

describe('any valid spec repository', () => {
  it('compiles without a problem to files that two parsers read as the values of its plans', () => {
    fc.assert(
      fc.property(repository, (sources) => {
        const first = compiled(sources)
        expect(first.problems).toEqual([])
        const [plan] = first.impact.starts
        const [path, manifest] =
          [...first.change].find(([one]) => one.includes('/jobs/') && one.endsWith('.yaml')) ?? []
        expect(path).toBeDefined()
        if (plan) expectJob(manifest ?? '', plan)
        const project = plan?.project ?? ''
        const version = {
          digest: `sha256:${'a'.repeat(64)}`,
          uri: 'models/a',
          sizeBytes: 1,
          stage: 'experimental',
          run: { id: 'r', attempt: 1, environment: 'dev' },
          framework: null,
          hyperparameters: {},
          metrics: {},
        } as const
        const { deployed } = perform(deployedAfter(nothing, first.change), {
          kind: 'register',
          project,
          model: 'model',
          version,
        })
        const values = [...deployed.files].filter(([one]) => one.endsWith('values.yaml'))
        expect(values).toHaveLength(1)
        const ledger = deployed.files.get(`.specyard/ledger/endpoints/dev/${project}/${plan?.name}.json`) ?? ''
        for (const [, content] of values) expectValues(content, (JSON.parse(ledger) as { plan: EndpointPlan }).plan)
        for (const [one, content] of deployed.files) if (/^applications\/.*\.yaml$/.test(one)) read(content)
        expect([...compiled(sources, deployed).change.keys()]).toEqual([])
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 40) },
    )
  }, 60_000)

  it('gives the same bytes twice, and with its files in any order', () => {
    const shuffled = repository.chain((sources) =>
      fc.tuple(fc.constant(sources), fc.shuffledSubarray([...sources], { minLength: sources.length })),
    )
    fc.assert(
      fc.property(shuffled, ([sources, others]) => {
        const [one, two, three] = [compiled(sources), compiled(sources), compiled(others)]
        expect([...two.change]).toEqual([...one.change])
        expect([...three.change]).toEqual([...one.change])
        expect(three.problems).toEqual(one.problems)
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 40) },
    )
  }, 60_000)
})
