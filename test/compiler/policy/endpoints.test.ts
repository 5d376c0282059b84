import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import type { Rendered } from '../../../compiler/compile-types.ts'
import { judge } from '../../../compiler/policy/judge.ts'
import type { EndpointPlan } from '../../../domain/plan.ts'
import type { Loose } from '../../support/policy/attempts.ts'
import { input, known } from '../../support/policy/ground.ts'

/* The whole starter pack over every shape of endpoint that the chart is held to: it must refuse nothing that Specyard itself renders. */

const golden = join(import.meta.dirname, '..', '..', 'charts', 'golden')
/** Without that of the local cluster, whose storage is a folder: the pack is about clusters on Kubernetes. */
const shapes = readdirSync(golden).filter((name) => name !== 'dev' && existsSync(join(golden, name, 'values.yaml')))
const read = (name: string, file: string): string => readFileSync(join(golden, name, file), 'utf8')

function denied(text: string, isValues: boolean): readonly string[] {
  const plan = { namespace: 'ml-language' } as EndpointPlan
  const file: Rendered = {
    ...{ path: 'a/values.yaml', text, isValues, plan, spec: null },
    ...{ environment: 'prod', project: 'language' },
  }
  return judge(input, known, [file])
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message)
}

/** What is there of a release in the cluster: what Helm renders, and the Deployments that KServe makes of that. */
function deploymentsOf(name: string): readonly Loose[] {
  const objects = parseAllDocuments(read(name, 'rendered.yaml')).map((one): Loose => one.toJS())
  return objects.flatMap((one) => {
    if (one?.kind === 'Deployment') return [one]
    if (one?.kind !== 'InferenceService') return []
    const candidates = (one.spec.canary ?? []).map(({ predictor }: Loose): Loose => predictor)
    return [one.spec.predictor, ...candidates].map((predictor) => byKServe(one, predictor))
  })
}

/** The labels of an InferenceService and of its predictor go to the Deployment. In Knative mode a container of Knative's own stands beside. */
function byKServe({ metadata }: Loose, { labels, annotations: _annotations, ...pod }: Loose): Loose {
  const isKnative = metadata.annotations?.['serving.kserve.io/deploymentMode'] === 'Knative'
  const beside = isKnative ? [{ name: 'queue-proxy', image: 'example/queue@sha256:'.padEnd(85, '0') }] : []
  const all = { ...metadata.labels, ...labels }
  const template = { metadata: { labels: all }, spec: { ...pod, containers: [...pod.containers, ...beside] } }
  const called = { name: `${metadata.name as string}-predictor`, labels: all }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: called, spec: { template } }
}

describe('the starter pack', () => {
  it.each(shapes)('lets the values of an endpoint through: %s', (name) => {
    expect(denied(read(name, 'values.yaml'), true)).toEqual([])
  })

  it.each(shapes)('lets through what is in the cluster of an endpoint: %s', (name) => {
    for (const one of deploymentsOf(name)) {
      const text = JSON.stringify({ ...one, metadata: { ...one.metadata, namespace: 'ml-language' } })
      expect(denied(text, false)).toEqual([])
    }
  })

  it('is asked about Deployments of every backend that has some', () => {
    const names = shapes.flatMap((name) =>
      deploymentsOf(name).flatMap((one) => one.spec.template.spec.containers.map((container: Loose) => container.name)),
    )
    expect([...new Set(names)].sort()).toEqual(['auth-proxy', 'kserve-container', 'queue-proxy', 'server'])
  })

  it.each([
    ['a sidecar beside the server', ['server', 'miner']],
    ['the proxy alone', ['auth-proxy']],
    ['two servers', ['server', 'kserve-container']],
    ['the trainer of a Job', ['trainer']],
  ])('refuses a Deployment with %s', (_title, names) => {
    const [one] = deploymentsOf('prod')
    const [container] = one.spec.template.spec.containers
    one.metadata.namespace = 'ml-language'
    one.spec.template.spec.containers = names.map((name) => ({ ...container, name }))
    expect(denied(JSON.stringify(one), false)).toEqual([expect.stringContaining(`other names: ${names.join(', ')}`)])
  })

  it('is held against the very values that the chart is held to', () => {
    expect(parse(read('keys', 'values.yaml'))).toMatchObject({ auth: { by: 'proxy' } })
    expect(shapes.length).toBeGreaterThan(10)
  })
})
