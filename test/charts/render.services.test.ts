import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { renderValues } from '../../compiler/render/values.ts'
import type { EndpointPlan } from '../../domain/plan.ts'
import { candidateOf, chartFolder, examplePin, goldenValues, servingPlans } from '../support/charts.ts'

const helm = process.env['HELM'] || 'helm'
const kubeVersion = '1.34.0'
const folder = mkdtempSync(join(tmpdir(), 'specyard-charts-'))
const golden = join(import.meta.dirname, 'golden')

beforeAll(() => {
  if (spawnSync(helm, ['version']).error) {
    throw new Error(
      `there is no ${helm}: build one with HELM="$(npx tsx tools/install-go.ts helm)", or install Helm 3 and put it on the PATH`,
    )
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(verb: 'lint' | 'template', values: string) {
  const file = join(folder, 'values.yaml')
  writeFileSync(file, values)
  const words = verb === 'lint' ? ['lint', '--strict', chartFolder] : ['template', 'handbook', chartFolder]
  const { status, stdout, stderr } = spawnSync(
    helm,
    [...words, '-f', file, '--namespace', 'ml-language', '--kube-version', kubeVersion],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: folder } },
  )
  return { status, stdout, stderr }
}

/** The golden prod values with some of them changed. */
function changed(changes: Readonly<Record<string, unknown>>): string {
  return stringify({ ...(parse(goldenValues().get('prod') ?? '') as object), ...changes })
}

interface Rendered {
  readonly kind: string
  readonly spec: Record<string, unknown>
}

function objects(text: string): readonly Rendered[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Rendered)
}

describe('chart serving-endpoint rendered by Helm', () => {
  for (const [name, values] of goldenValues()) {
    it(`the values of ${name} pass helm lint`, () => {
      expect(run('lint', values)).toMatchObject({ status: 0 })
    })

    it(`the values of ${name} give the golden objects`, () => {
      const { status, stdout, stderr } = run('template', values)
      expect(stderr).toBe('')
      expect(status).toBe(0)
      const path = join(golden, name, 'rendered.yaml')
      if (process.env['UPDATE_GOLDEN']) writeFileSync(path, stdout)
      expect(stdout).toBe(readFileSync(path, 'utf8'))
    })
  }

  const model = { name: 'handbook-lm', version: 4, digest: `sha256:${'0'.repeat(64)}`, uri: 'u' }
  const probe = { path: '/', initialDelaySeconds: 0, periodSeconds: 5 }
  const candidate = { weight: 10, revision: 4, replicas: { min: 1, max: 1 }, model, image: 'i', port: 1, probe }
  const rayServe = { version: '1.3.0', rayVersion: '2.46.0', importPath: 'app:endpoint', deployment: 'Endpoint' }
  const steps = { stepPercent: 10, surgePercent: 50, intervalSeconds: 60, gatewayClass: 'istio' }
  const keys = { type: 'api-key', secret: 'callers' }
  const refused: readonly [string, Record<string, unknown>, string][] = [
    ['a candidate that nothing divides callers for', { candidate, ingress: undefined }, 'callers can be divided by'],
    ['a candidate of a RayService', { framework: 'ray_serve', rayServe, candidate }, 'moves callers by itself'],
    [
      'a candidate where KServe would ignore it',
      { framework: 'kserve', kserve: { version: '0.16.0', mode: 'Standard' }, candidate },
      'KServe 0.16.0 has no canary in Standard mode',
    ],
    [
      'steps of a KubeRay that takes none',
      {
        framework: 'ray_serve',
        rayServe,
        rollout: { strategy: 'canary', maxSurge: 1, maxUnavailable: 0, steps },
        autoscale: null,
      },
      'rollout.steps',
    ],
    ['a backend that nothing is said of', { framework: 'kserve' }, 'needs kserve.version'],
    ['a RayService without an application', { framework: 'ray_serve' }, 'needs rayServe'],
    ['an aim of a backend that scales by itself', { framework: 'ray_serve', rayServe }, 'take autoscale away'],
    [
      'a proxy beside what is no server of ours',
      { framework: 'ray_serve', rayServe, autoscale: null, auth: { ...keys, by: 'proxy', image: 'envoy' } },
      'needs auth.image, and framework fastapi',
    ],
    ['a gateway that is not there', { auth: { ...keys, by: 'envoy-gateway' } }, 'needs a gateway'],
    ['keys that nobody has', { auth: { type: 'api-key', by: 'proxy', image: 'envoy' } }, 'needs auth.secret'],
    ['tokens of nobody', { auth: { type: 'jwt', by: 'proxy', image: 'envoy' } }, 'needs auth.issuer'],
    ['no room to replace a pod', { rollout: { strategy: 'rolling', maxSurge: 0, maxUnavailable: 0 } }, 'both 0'],
    ['tokens of an issuer', { auth: { type: 'jwt', issuer: 'https://login.example.com' } }, 'auth.type jwt'],
    ['keys', { auth: { type: 'api-key' } }, 'auth.type api-key'],
    ['a latency to aim for', { autoscale: { targetLatencyMs: 200, cpuUtilization: 70 } }, 'targetLatencyMs'],
    ['an autoscaler without an aim', { autoscale: { cpuUtilization: null } }, 'nothing to aim for'],
    ['nothing at least, under an autoscaler', { replicas: { min: 0, max: 3 } }, 'replicas.min 0'],
    ['more at least than at most', { replicas: { min: 4, max: 3 } }, 'more than replicas.max'],
    ['more at most than at least, without an autoscaler', { autoscale: null }, 'never reached'],
    [
      'two prompt templates',
      { promptTemplate: { name: 'plain', text: 'x' }, env: [{ name: 'PROMPT_TEMPLATE', value: 'other' }] },
      'PROMPT_TEMPLATE',
    ],
  ]
  it.each(refused)('%s is refused with the reason and never left out in silence', (_what, changes, reason) => {
    const { status, stderr, stdout } = run('template', changed(changes))
    expect(status).not.toBe(0)
    expect(stderr).toContain(reason)
    expect(stdout).toBe('')
  })

  it('an autoscaler owns the replicas: the Deployment does not name them', () => {
    const deployment = objects(run('template', changed({})).stdout).find((one) => one.kind === 'Deployment')
    expect(deployment?.spec).not.toHaveProperty('replicas')
  })

  it('without an autoscaler the Deployment names the replicas and there is no HorizontalPodAutoscaler', () => {
    const rendered = objects(run('template', changed({ autoscale: null, replicas: { min: 3, max: 3 } })).stdout)
    expect(rendered.find((one) => one.kind === 'Deployment')?.spec).toHaveProperty('replicas', 3)
    expect(rendered.map((one) => one.kind)).not.toContain('HorizontalPodAutoscaler')
  })

  it('another digest of the model changes the pods', () => {
    const other = changed({ model: { name: 'handbook-lm', version: 3, digest: `sha256:${'0'.repeat(64)}`, uri: 'u' } })
    const template = (values: string) =>
      JSON.stringify(objects(run('template', values).stdout).find((one) => one.kind === 'Deployment')?.spec['template'])
    expect(template(other)).not.toBe(template(changed({})))
  })

  it('a HOST of the spec stands alone: no variable is named twice', () => {
    const rendered = run('template', changed({ env: [{ name: 'HOST', value: '::' }] })).stdout
    expect(rendered.match(/name: HOST$/gm)).toHaveLength(1)
  })

  it('a candidate of Knative has its own text beside that of the revision before, and keeps it when it takes its place', () => {
    const knative = parse(goldenValues().get('knative') ?? '') as { candidate: Record<string, unknown> }
    const candidate = { ...knative.candidate, promptTemplate: { name: 'plain', text: 'another' } }
    const beside = run('template', stringify({ ...knative, candidate })).stdout
    const after = run(
      'template',
      stringify({ ...knative, ...candidate, candidate: undefined, weight: undefined, revision: undefined }),
    ).stdout
    const names = (text: string) => [...text.matchAll(/name: (letters-prompt-template-\w+)$/gm)].map(([, name]) => name)
    const own = names(after)[0]
    expect(new Set(names(beside)).size).toBe(2)
    expect(new Set(names(after))).toEqual(new Set([own]))
    const predictor = objects(beside).find(({ kind }) => kind === 'InferenceService')?.spec['predictor']
    expect(JSON.stringify(predictor)).toContain(`"name":"${own}"`)
    expect(
      [...JSON.stringify(predictor).matchAll(/letters-prompt-template-\w+/g)].every(([name]) => name === own),
    ).toBe(true)
  })

  it('a candidate may bring the environment its first gateway along, beside a release of the first chart', () => {
    const {
      gateway: _gateway,
      autoscaler: _autoscaler,
      prometheus: _prometheus,
      ...old
    } = servingPlans().get('gateway') as EndpointPlan
    const plan = {
      ...old,
      chartVersion: '0.1.0',
      ingressHost: null,
      autoscale: null,
      replicas: { min: 2, max: 2 },
      auth: { type: 'none', issuer: null },
    } as const
    const stable = { plan, pin: examplePin, revision: 3 }
    const { status, stdout, stderr } = run(
      'template',
      renderValues(stable, candidateOf(servingPlans().get('gateway') as EndpointPlan)),
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(objects(stdout).map(({ kind }) => kind)).toContain('HTTPRoute')
  })

  it('a candidate gets its weight of the callers, and whoever asks for it by the header', () => {
    const rules = (text: string) => objects(text).find(({ kind }) => kind === 'HTTPRoute')?.spec['rules']
    expect(rules(run('template', goldenValues().get('gateway') ?? '').stdout)).toMatchObject([
      {
        matches: [{ headers: [{ name: 'x-specyard-track', value: 'candidate' }] }],
        backendRefs: [{ name: 'letters-candidate', weight: 1 }],
      },
      {
        backendRefs: [
          { name: 'letters', weight: 75 },
          { name: 'letters-candidate', weight: 25 },
        ],
      },
    ])
  })

  it.each([0, 100])('a weight of %d divides callers by whole per cent too', (weight) => {
    const values = parse(goldenValues().get('gateway') ?? '') as { candidate: object }
    const text = run('template', stringify({ ...values, candidate: { ...values.candidate, weight } })).stdout
    const weights = [...text.matchAll(/^ {10}weight: (\d+)$/gm)].map(([, one]) => Number(one))
    expect(weights).toEqual([1, 100 - weight, weight])
  })

  it('pods of a release are the same for the first chart and this one where there is no prompt template: a rollout that brings this one restarts none', () => {
    const template = (text: string) => objects(text).find((one) => one.kind === 'Deployment')?.spec['template']
    const now = template(run('template', goldenValues().get('prod') ?? '').stdout)
    expect(now).toEqual(template(readFileSync(join(import.meta.dirname, 'cases', 'first-chart-prod.yaml'), 'utf8')))
  })

  it('text with braces and quotes reaches the ConfigMap as it is', () => {
    const text = 'a: {{ .Values.name }} "b" \'c\'\n---\n{{prompt}}'
    const rendered = objects(run('template', changed({ promptTemplate: { name: 'odd', text } })).stdout)
    expect(rendered.find((one) => one.kind === 'ConfigMap')).toMatchObject({ data: { text } })
  })
})
