import { loadAll } from 'js-yaml'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { checkObject } from '../../../compiler/manifest/check.ts'
import { kubernetesVersions } from '../../../compiler/manifest/schemas.ts'
import { renderRootApplication } from '../../../compiler/render/application.ts'
import { renderJob } from '../../../compiler/render/job.ts'
import type { TrainingPlan } from '../../../domain/plan.ts'
import { address } from '../../support/compiler.ts'
import { readFolder } from '../../support/golden.ts'
import { plan as planned } from '../../support/reconciler.ts'

const plan: TrainingPlan = {
  ...planned,
  cluster: 'kubernetes',
  namespace: 'ml-language',
  imageFolder: null,
  name: 'letters',
}
const { resources } = plan
const volume = { name: 'data', source: { claim: 'data' }, mountPath: '/data', readOnly: true }

/** Whatever of our own template can be there or not. */
const plans: readonly (readonly [string, Partial<TrainingPlan>])[] = [
  ['as it is', {}],
  ['without a command', { command: [], arguments: [] }],
  ['with arguments', { command: ['python'], arguments: ['train.py'] }],
  ['without a lease', { lease: { mode: 'optional', image: 'busybox' } }],
  ['on several nodes', { nodes: 4 }],
  ['in a queue', { queue: 'gpu', resources: { ...resources, nodeSelector: { pool: 'gpu' } } }],
  ['with secrets', { variables: [{ name: 'TOKEN', secret: 'wandb', key: 'api-key' }] }],
  ['with a claim', { volumes: [volume] }],
  ['with a folder of the node', { volumes: [{ ...volume, source: { hostPath: '/data' } }] }],
  [
    'with GPUs of some nodes',
    {
      resources: {
        ...resources,
        gpus: 2,
        gpuResource: 'nvidia.com/gpu',
        nodeSelector: { 'cloud.google.com/gke-accelerator': 'nvidia-tesla-t4' },
        tolerations: [
          { key: 'nvidia.com/gpu', operator: 'Exists', value: null, effect: 'NoSchedule' },
          { key: 'pool', operator: 'Equal', value: 'gpu', effect: null },
          { key: null, operator: 'Exists', value: null, effect: null },
        ],
      },
    },
  ],
]

describe.each(kubernetesVersions)('Kubernetes %s takes', (version) => {
  const definitions = kubernetesSchemas.of(version)

  it.each(plans)('the manifest of a training %s', (_title, some) => {
    for (const attempt of [1, 12]) {
      const objects = loadAll(renderJob({ ...plan, ...some }, { attempt, checkpointUri: 's3://bucket/checkpoint' }))
      expect(objects.length).toBe((some.nodes ?? 1) > 1 ? 2 : 1)
      for (const object of objects) expect(checkObject(object, definitions)).toEqual([])
    }
  })

  it('every manifest and Application of the golden folders', () => {
    const folder = join(import.meta.dirname, '..', '..', 'golden', 'compile')
    const files = [...readFolder(folder)].filter(([path]) =>
      /\/expected\/.*(?:jobs\/[^/]*|applications\/.*)\.yaml$/.test(path),
    )
    expect(files.length).toBeGreaterThan(10)
    for (const [path, text] of files)
      for (const object of loadAll(text)) expect([path, checkObject(object, definitions)]).toEqual([path, []])
  })

  it('what the chart of endpoints makes of its golden values', () => {
    const folder = join(import.meta.dirname, '..', '..', 'charts', 'golden')
    const files = [...readFolder(folder)].filter(
      ([path]) => /^[^/]+\/rendered\.yaml$/.test(path) && !path.startsWith('specyard/'),
    )
    expect(files.length).toBeGreaterThan(2)
    const found = files.map(([path, text]) => [
      path,
      loadAll(text)
        .filter(Boolean)
        .flatMap((object) => checkObject(object, definitions).map(({ pointer }) => pointer)),
    ])
    // Of KServe 0.20 and KubeRay 1.5 there are no schemas to be had: what is theirs alone is not known here.
    const newer: Readonly<Record<string, readonly string[]>> = {
      'standard-canary/rendered.yaml': ['/spec/canary'],
      'ray-steps/rendered.yaml': ['/spec/upgradeStrategy/clusterUpgradeOptions'],
    }
    expect(found).toEqual(files.map(([path]) => [path, newer[path] ?? []]))
  })

  it('the root Application', () => {
    for (const object of loadAll(renderRootApplication('prod', address)))
      expect(checkObject(object, definitions)).toEqual([])
  })
})
