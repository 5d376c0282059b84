import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { chartFolder, goldenValues } from '../../support/charts.ts'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { servingRecipes } from '../build/recipes.ts'
import { builtTools } from '../build/tools.ts'
import { startKserve } from '../parts/kserve.ts'
import { makeNamespace } from '../support/cluster.ts'
import { openOwnBed, type OwnBed } from '../support/own-bed.ts'
import { addNodes } from '../support/simulated-nodes.ts'
import { filledIn } from './filled-in.ts'

/*
 * KServe itself, with its webhooks, over what the chart renders. Nodes are simulated: no container runs.
 */

/** The first time KServe is built, on a machine that may have much else to do; then it comes from the cache. */
const buildSecondsMax = 1500
let own: OwnBed
let namespace = ''
const folder = mkdtempSync(join(tmpdir(), 'specyard-kserve-'))

beforeAll(async () => {
  const said: string[] = []
  const tools = await builtTools(servingRecipes.kserve, (line) => said.push(line))
  own = await openOwnBed(['kwok'])
  const { cluster } = own
  await startKserve(cluster.folder, tools, cluster.kubernetes)
  await addNodes(cluster, { prefix: 'gpu', count: 2, gpus: 4, isOpen: true, labels: { accelerator: 'nvidia-a100' } })
  namespace = await makeNamespace(cluster, 'language')
}, buildSecondsMax * 1000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await own.close()
})

function render(changes: object = {}): readonly KubernetesObject[] {
  const file = join(folder, 'values.yaml')
  writeFileSync(file, stringify({ ...(parse(goldenValues().get('standard') ?? '') as object), ...changes }))
  const words = ['template', 'letters', chartFolder, '-f', file, '-n', namespace, '--kube-version', '1.36.0']
  const { status, stdout, stderr } = spawnSync(own.cluster.programs.helm, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const objects = parseAllDocuments(stdout).map((one) => one.toJS() as KubernetesObject)
  // Without a gateway there is nothing that they could guide.
  return objects
    .filter(({ kind }) => !['HTTPRoute', 'SecurityPolicy'].includes(kind))
    .map((one) => ({ ...one, metadata: { ...one.metadata, namespace } }))
}

interface Service extends KubernetesObject {
  readonly spec: unknown
  readonly metadata: KubernetesObject['metadata'] & { readonly generation?: number }
  readonly status?: {
    readonly observedGeneration?: number
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

const isReady = ({ status, metadata }: Service): boolean =>
  status?.observedGeneration === metadata.generation &&
  (status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false)

const path = (kind: string, name: string, apiVersion: string) => resource(apiVersion, kind, namespace, name)

it('an endpoint in Standard mode becomes ready: its Deployment, Service and autoscaler are what the spec asks for', async () => {
  for (const one of render()) await own.cluster.kubernetes.apply(one)
  const service = path('inferenceservices', 'letters', 'serving.kserve.io/v1beta1')
  await own.cluster.kubernetes.until<Service>(service, 'to be Ready', isReady, 120)
  const { kubernetes } = own.cluster
  expect(await kubernetes.get(path('deployments', 'letters-predictor', 'apps/v1'))).toMatchObject({
    spec: {
      strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      template: {
        metadata: { labels: { 'app.kubernetes.io/instance': 'letters' } },
        spec: {
          containers: [
            { name: 'kserve-container', ports: [{ containerPort: 8080 }], startupProbe: { periodSeconds: 5 } },
          ],
          terminationGracePeriodSeconds: 20,
        },
      },
    },
  })
  expect(await kubernetes.get(path('services', 'letters-predictor', 'v1'))).toMatchObject({
    spec: { ports: [{ port: 80, targetPort: 8080 }] },
  })
  expect(await kubernetes.get(path('horizontalpodautoscalers', 'letters-predictor', 'autoscaling/v2'))).toMatchObject({
    spec: { minReplicas: 2, maxReplicas: 6, metrics: [{ resource: { target: { averageUtilization: 70 } } }] },
  })
})

it('its webhooks fill nothing in within a list, so that Argo CD sees no difference', async () => {
  const sent = render().find(({ kind }) => kind === 'InferenceService')
  const stored = await own.cluster.kubernetes.get(path('inferenceservices', 'letters', 'serving.kserve.io/v1beta1'))
  expect(filledIn(sent?.['spec'], stored?.['spec'], '/spec')).toEqual([])
})

it('another model under the same address replaces the pods', async () => {
  const { kubernetes } = own.cluster
  const deployment = path('deployments', 'letters-predictor', 'apps/v1')
  const model = { name: 'letters', version: 4, digest: `sha256:${'0'.repeat(64)}`, uri: 'storage/models/same' }
  const before = JSON.stringify((await kubernetes.get(deployment))?.['spec'])
  for (const one of render({ model })) await kubernetes.apply(one)
  await kubernetes.until<Service>(
    path('inferenceservices', 'letters', 'serving.kserve.io/v1beta1'),
    'to be Ready again',
    isReady,
    120,
  )
  const after = JSON.stringify((await kubernetes.get(deployment))?.['spec'])
  expect(after).not.toBe(before)
  expect(after).toContain(model.digest)
})

it('without an autoscaler KServe makes none and runs the number that is asked for', async () => {
  const { kubernetes } = own.cluster
  for (const one of render({ name: 'fixed', autoscale: null, replicas: { min: 2, max: 2 } }))
    await kubernetes.apply(one)
  await kubernetes.until<Service>(
    path('inferenceservices', 'fixed', 'serving.kserve.io/v1beta1'),
    'to be Ready',
    isReady,
    120,
  )
  expect(await kubernetes.get(path('deployments', 'fixed-predictor', 'apps/v1'))).toMatchObject({
    spec: { replicas: 2 },
  })
  expect(await kubernetes.get(path('horizontalpodautoscalers', 'fixed-predictor', 'autoscaling/v2'))).toBeUndefined()
})
