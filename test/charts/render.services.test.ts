import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { chartFolder, goldenValues } from '../support/charts.ts'

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

  const refused: readonly [string, Record<string, unknown>, string][] = [
    ['a canary', { rollout: { strategy: 'canary', maxSurge: 1, maxUnavailable: 0 } }, 'rollout.strategy canary'],
    [
      'blue-green',
      { rollout: { strategy: 'blue-green', maxSurge: 1, maxUnavailable: 0 } },
      'rollout.strategy blue-green',
    ],
    [
      'a traffic split',
      { rollout: { strategy: 'rolling', maxSurge: 1, maxUnavailable: 0, trafficSplit: { old: 90, new: 10 } } },
      'rollout.trafficSplit',
    ],
    ['no room to replace a pod', { rollout: { strategy: 'rolling', maxSurge: 0, maxUnavailable: 0 } }, 'both 0'],
    ['tokens of an issuer', { auth: { type: 'jwt', issuer: 'https://login.example.com' } }, 'auth.type jwt'],
    ['keys', { auth: { type: 'api-key' } }, 'auth.type api-key'],
    ['another framework', { framework: 'kserve' }, 'framework kserve has no backend'],
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

  it('text with braces and quotes reaches the ConfigMap as it is', () => {
    const text = 'a: {{ .Values.name }} "b" \'c\'\n---\n{{prompt}}'
    const rendered = objects(run('template', changed({ promptTemplate: { name: 'odd', text } })).stdout)
    expect(rendered.find((one) => one.kind === 'ConfigMap')).toMatchObject({ data: { text } })
  })
})
