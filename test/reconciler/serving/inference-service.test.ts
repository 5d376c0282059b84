import { describe, expect, it } from 'vitest'
import type { SeenEndpoint } from '../../../domain/observation.ts'
import { seenDeployment } from '../../../reconciler/sources/kubernetes/projection/serving/deployment.ts'
import { seenEndpoints } from '../../../reconciler/sources/kubernetes/projection/serving/endpoint.ts'
import { seenInferenceService } from '../../../reconciler/sources/kubernetes/projection/serving/inference-service.ts'
import { condition, object, type Written } from './objects.ts'

const ready = [condition('PredictorReady', 'True'), condition('IngressReady', 'True'), condition('Ready', 'True')]
const loaded = { transitionStatus: 'UpToDate', states: { activeModelState: 'Loaded', targetModelState: 'Loaded' } }
const good = {
  observedGeneration: 2,
  deploymentMode: 'Knative',
  url: 'http://handbook.example.com',
  conditions: ready,
  modelStatus: loaded,
}

function seen(service: Written, deployments: readonly Written[] = []): SeenEndpoint | undefined {
  return seenEndpoints({
    deployments: deployments.flatMap((one) => seenDeployment(object(one)) ?? []),
    inferenceServices: [seenInferenceService(object(service)) ?? []].flat(),
    rayServices: [],
    servers: [],
  })[0]
}

const loadFailure = { reason: 'ModelLoadFailed', message: 'no file /mnt/models/model.bin', exitCode: 1 }
const table: readonly (readonly [sentence: string, status: object, expected: Partial<SeenEndpoint>])[] = [
  ['that is ready, observed and up to date is current', {}, { current: true, failing: false, readyReplicas: 1 }],
  ['has the address that KServe gave it', {}, { url: 'http://handbook.example.com' }],
  [
    'that is ready by the generation before is not current',
    { observedGeneration: 1 },
    { current: false, failing: false, reason: 'NotObserved' },
  ],
  [
    'that does not say which generation it speaks of is not current',
    { observedGeneration: undefined },
    { current: false },
  ],
  [
    'that is ready while its new model is on its way is not current, and answers',
    {
      modelStatus: {
        transitionStatus: 'InProgress',
        states: { activeModelState: 'Loaded', targetModelState: 'Loading' },
      },
    },
    { current: false, failing: false, readyReplicas: 1, reason: 'InProgress' },
  ],
  [
    'whose new model does not load fails with the words of KServe, while the model before answers',
    {
      conditions: [
        condition('PredictorReady', 'False', 'RevisionFailed', 'Revision failed'),
        condition('Ready', 'False'),
      ],
      modelStatus: {
        transitionStatus: 'BlockedByFailedLoad',
        states: { activeModelState: 'Loaded', targetModelState: 'FailedToLoad' },
        lastFailureInfo: loadFailure,
      },
    },
    { current: false, failing: true, readyReplicas: 1, reason: 'ModelLoadFailed', message: loadFailure.message },
  ],
  [
    'whose first model does not load answers nobody',
    {
      conditions: [condition('Ready', 'False')],
      modelStatus: {
        transitionStatus: 'BlockedByFailedLoad',
        states: { targetModelState: 'FailedToLoad' },
        lastFailureInfo: loadFailure,
      },
    },
    { failing: true, readyReplicas: 0 },
  ],
  [
    'that no runtime fits fails',
    {
      conditions: [condition('Ready', 'False')],
      modelStatus: {
        transitionStatus: 'InvalidSpec',
        lastFailureInfo: { reason: 'NoSupportingRuntime', message: 'none' },
      },
    },
    { failing: true, reason: 'NoSupportingRuntime', message: 'none' },
  ],
  [
    'whose revision of Knative failed fails, with the words of the part that did',
    {
      conditions: [condition('PredictorReady', 'False', 'RevisionFailed', 'exit code 1'), condition('Ready', 'False')],
      modelStatus: { transitionStatus: 'InProgress' },
    },
    { failing: true, reason: 'RevisionFailed', message: 'exit code 1' },
  ],
  [
    'that waits for its ingress says so, and is not failing',
    {
      conditions: [
        condition('PredictorReady', 'True'),
        condition('IngressReady', 'Unknown', 'Uninitialized', 'waiting'),
        condition('Ready', 'Unknown'),
      ],
    },
    { current: false, failing: false, reason: 'Uninitialized', message: 'waiting' },
  ],
  [
    'that is stopped is not current',
    { conditions: [...ready, condition('Stopped', 'True')] },
    { current: false, reason: 'Stopped', readyReplicas: 1 },
  ],
  [
    'whose condition Stopped is False runs',
    { conditions: [...ready, condition('Stopped', 'False')] },
    { current: true },
  ],
]

describe('an InferenceService', () => {
  it.each(table)('%s', (_sentence, status, expected) => {
    expect(seen({ status: { ...good, ...status } })).toMatchObject({
      framework: 'kserve',
      resourceId: 'ml/handbook',
      ...expected,
    })
  })

  it('of which nothing is told yet is on its way', () => {
    expect(seen({})).toMatchObject({ current: false, failing: false, readyReplicas: 0, url: null })
  })

  const podDigest = (digest: string) => ({ 'specyard.dev/pod-digest': digest })
  const owner = [{ kind: 'InferenceService', name: 'handbook', uid: 'u', controller: true }]
  const below = (status: object): Written => ({
    name: 'handbook-predictor',
    labels: { 'app.kubernetes.io/instance': 'handbook' },
    ownerReferences: owner,
    spec: { replicas: 3, template: { metadata: { annotations: podDigest('newest') } } },
    status: { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3, ...status },
  })
  const standard: Written = {
    spec: { predictor: { annotations: podDigest('newest') } },
    status: { ...good, deploymentMode: 'Standard' },
  }

  const deployments: readonly (readonly [
    sentence: string,
    Deployments: readonly Written[],
    expected: Partial<SeenEndpoint>,
  ])[] = [
    [
      'is current when its Deployment is, and counts its pods',
      [below({})],
      { current: true, replicas: 3, readyReplicas: 3 },
    ],
    ['is not current before its Deployment is there', [], { current: false }],
    ['is not current while its Deployment rolls', [below({ updatedReplicas: 1 })], { current: false, failing: false }],
    [
      'is not current while its Deployment is made of the spec before, whatever that says of itself',
      [{ ...below({}), spec: { replicas: 3, template: { metadata: { annotations: podDigest('before') } } } }],
      { current: false, failing: false, reason: 'NotObserved', readyReplicas: 3 },
    ],
    [
      'fails when its Deployment makes no progress, with the words of that',
      [
        below({
          updatedReplicas: 1,
          conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'timed out')],
        }),
      ],
      { current: false, failing: true, reason: 'ProgressDeadlineExceeded', message: 'timed out' },
    ],
  ]
  it.each(deployments)('in Standard mode %s', (_sentence, some, expected) => {
    expect(seen(standard, some)).toMatchObject({ framework: 'kserve', ...expected })
  })

  it('in Standard mode is current whatever number KServe has for the generation: it is the one of its Deployment', () => {
    const counted = {
      ...standard,
      generation: 7,
      status: { ...good, deploymentMode: 'Standard', observedGeneration: 2 },
    }
    expect(seen(counted, [below({})])).toMatchObject({ current: true, failing: false })
  })

  it('in Standard mode is one endpoint, and not another one by its Deployment', () => {
    const deployment = seenDeployment(object(below({}))) ?? []
    const service = seenInferenceService(object(standard)) ?? []
    const all = { deployments: [deployment].flat(), inferenceServices: [service].flat(), rayServices: [], servers: [] }
    expect(seenEndpoints(all)).toHaveLength(1)
  })
})
