import { describe, expect, it } from 'vitest'
import type { SeenEndpoint } from '../../../domain/observation.ts'
import { seenDeployment } from '../../../reconciler/sources/kubernetes/projection/serving/deployment.ts'
import { seenEndpoints } from '../../../reconciler/sources/kubernetes/projection/serving/endpoint.ts'
import { seenServer } from '../../../reconciler/sources/kubernetes/projection/serving/server.ts'
import { candidateLabels, condition, object, type Written } from './objects.ts'

const available = condition('Available', 'True', 'MinimumReplicasAvailable')
const rolledOut = condition('Progressing', 'True', 'NewReplicaSetAvailable')
const whole = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 }
const late = condition(
  'Progressing',
  'False',
  'ProgressDeadlineExceeded',
  'ReplicaSet "handbook-1" has timed out progressing.',
)
const refused = condition('ReplicaFailure', 'True', 'FailedCreate', 'pods "handbook-1-x" is forbidden: exceeded quota')

function deployment(status: object, more: Written = {}): Written {
  return { spec: { replicas: 2 }, ...more, status: { ...whole, conditions: [available, rolledOut], ...status } }
}

function seen(written: readonly Written[], pods: readonly Written[] = []): readonly SeenEndpoint[] {
  return seenEndpoints({
    deployments: written.flatMap((one) => seenDeployment(object(one)) ?? []),
    inferenceServices: [],
    rayServices: [],
    servers: pods.flatMap((one) => seenServer(object(one)) ?? []),
  })
}

function pod(reason: string, restarts: number, more: Written = {}): Written {
  const state = { waiting: { reason, message: `says ${reason}` } }
  return { ...more, status: { containerStatuses: [{ name: 'server', restartCount: restarts, state }] } }
}

const table: readonly (readonly [sentence: string, status: object, expected: Partial<SeenEndpoint>])[] = [
  ['whose pods are all updated and available is current', {}, { current: true, readyReplicas: 2, failing: false }],
  [
    'whose newest generation nobody has looked at is not current, whatever its pods are',
    { observedGeneration: 1 },
    { current: false, readyReplicas: 2, failing: false },
  ],
  ['with pods of the release before is not current', { replicas: 3 }, { current: false }],
  ['with fewer updated pods than are wanted is not current', { updatedReplicas: 1 }, { current: false }],
  ['counts pods as answering once they are available', { availableReplicas: 1 }, { current: true, readyReplicas: 1 }],
  [
    'that makes no progress in time fails, with the words of its condition',
    { updatedReplicas: 1, conditions: [available, late] },
    {
      failing: true,
      reason: 'ProgressDeadlineExceeded',
      message: 'ReplicaSet "handbook-1" has timed out progressing.',
    },
  ],
  [
    'whose lack of progress is told of the generation before does not fail',
    { observedGeneration: 1, conditions: [available, late] },
    { failing: false },
  ],
  [
    'whose pods are refused fails, with the words of the API server',
    { updatedReplicas: 0, conditions: [rolledOut, refused] },
    { failing: true, reason: 'FailedCreate', message: 'pods "handbook-1-x" is forbidden: exceeded quota' },
  ],
  [
    'that is not available yet says why',
    {
      readyReplicas: 0,
      availableReplicas: 0,
      conditions: [condition('Available', 'False', 'MinimumReplicasUnavailable', 'no pods')],
    },
    { failing: false, reason: 'MinimumReplicasUnavailable', message: 'no pods', readyReplicas: 0 },
  ],
]

describe('a Deployment of an endpoint', () => {
  it.each(table)('%s', (_sentence, status, expected) => {
    expect(seen([deployment(status)])).toMatchObject([{ framework: 'fastapi', resourceId: 'ml/handbook', ...expected }])
  })

  it('says for which release it was made, where it does', () => {
    const annotations = { 'specyard.dev/revision': '7' }
    expect(seen([deployment({}, { annotations })])[0]?.revision).toBe(7)
    for (const revision of ['', 'x', '0', '-1'])
      expect(seen([deployment({}, { annotations: { 'specyard.dev/revision': revision } })])[0]?.revision).toBeNull()
  })

  it('has the model digest of its pods, before that of its own', () => {
    const template = { metadata: { annotations: { 'specyard.dev/model-digest': 'sha256:pods' } } }
    expect(seen([deployment({}, { spec: { replicas: 2, template } })])[0]?.modelDigest).toBe('sha256:pods')
    expect(seen([deployment({})])[0]?.modelDigest).toBe('sha256:new')
  })

  it('without the labels of the chart is none of ours', () => {
    expect(seen([deployment({}, { labels: { 'specyard.dev/project': '' } })])).toEqual([])
  })

  it('of a candidate is told of with the endpoint that it stands beside, and alone it is no endpoint', () => {
    const candidate = deployment({ updatedReplicas: 0, conditions: [late] }, { labels: candidateLabels })
    expect(seen([deployment({}), candidate])).toMatchObject([
      {
        name: 'handbook',
        current: true,
        failing: false,
        candidate: { resourceId: 'ml/handbook-candidate', failing: true },
      },
    ])
    expect(seen([candidate])).toEqual([])
  })

  it('keeps what the framework says: generations and conditions', () => {
    const { framed } = seen([deployment({})])[0] ?? {}
    expect(framed).toMatchObject({ generation: 2, observedGeneration: 2, conditions: [{ type: 'Available' }, {}] })
  })
})

const pods: readonly (readonly [sentence: string, pods: readonly Written[], expected: Partial<SeenEndpoint>])[] = [
  ['whose image is not there fails', [pod('ImagePullBackOff', 0)], { failing: true, reason: 'ImagePullBackOff' }],
  ['that crashed once is still starting', [pod('CrashLoopBackOff', 1)], { failing: false, reason: 'CrashLoopBackOff' }],
  ['that crashed three times fails', [pod('CrashLoopBackOff', 3)], { failing: true, message: 'says CrashLoopBackOff' }],
  ['of another endpoint says nothing of this one', [pod('ImagePullBackOff', 0, { name: 'other' })], { failing: false }],
  [
    'of the candidate says nothing of this one',
    [pod('ImagePullBackOff', 0, { labels: candidateLabels })],
    { failing: false },
  ],
]

it.each(pods)('a server %s', (_sentence, some, expected) => {
  expect(seen([deployment({ updatedReplicas: 1 })], some)).toMatchObject([expected])
})

it('a pod whose model cannot be fetched says so, and not that its server waits for it', () => {
  const status = {
    initContainerStatuses: [
      {
        name: 'storage-initializer',
        restartCount: 4,
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'no such bucket' } },
      },
    ],
    containerStatuses: [{ name: 'server', state: { waiting: { reason: 'PodInitializing' } } }],
  }
  expect(seen([deployment({ updatedReplicas: 1 })], [{ status }])).toMatchObject([
    { failing: true, message: 'no such bucket' },
  ])
})
