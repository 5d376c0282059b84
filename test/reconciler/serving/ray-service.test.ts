import { describe, expect, it } from 'vitest'
import type { SeenEndpoint } from '../../../domain/observation.ts'
import { seenRayService } from '../../../reconciler/sources/kubernetes/projection/serving/ray-service.ts'
import { condition, object } from './objects.ts'

const healthy = { status: 'HEALTHY', message: '' }
const running = { llm: { status: 'RUNNING', message: '', serveDeploymentStatuses: { Model: healthy } } }
const cluster = (applicationStatuses: object) => ({ rayClusterName: 'c', applicationStatuses })
const ready = condition('Ready', 'True', 'NonZeroServeEndpoints')
const good = {
  ...{ observedGeneration: 2, serviceStatus: 'Running', numServeEndpoints: 2, conditions: [ready] },
  activeServiceStatus: cluster(running),
}
const broken = { llm: { status: 'DEPLOY_FAILED', message: 'ImportError: no module app', serveDeploymentStatuses: {} } }

const table: readonly (readonly [sentence: string, status: object, expected: Partial<SeenEndpoint>])[] = [
  ['whose applications run is current', {}, { current: true, failing: false, readyReplicas: 2 }],
  [
    'of the generation before is not current',
    { observedGeneration: 1 },
    { current: false, failing: false, reason: 'NotObserved' },
  ],
  [
    'that builds a second cluster is not current, and answers',
    { conditions: [ready, condition('UpgradeInProgress', 'True', 'BothActivePendingClustersExist', 'both')] },
    { current: false, failing: false, readyReplicas: 2, reason: 'UpgradeInProgress', message: 'both' },
  ],
  [
    'whose new cluster cannot deploy the application fails with the words of Ray, while the old one answers',
    {
      conditions: [ready, condition('UpgradeInProgress', 'True')],
      pendingServiceStatus: cluster(broken),
    },
    {
      current: false,
      failing: true,
      readyReplicas: 2,
      reason: 'DEPLOY_FAILED',
      message: 'c/llm: ImportError: no module app',
    },
  ],
  [
    'whose only cluster cannot deploy the application answers nobody',
    {
      ...{ conditions: [condition('Ready', 'False', 'ZeroServeEndpoints')], numServeEndpoints: 0 },
      activeServiceStatus: cluster(broken),
    },
    { failing: true, readyReplicas: 0, reason: 'DEPLOY_FAILED' },
  ],
  [
    'with an application that is being deployed is on its way',
    { activeServiceStatus: cluster({ llm: { status: 'DEPLOYING', message: '' } }) },
    { current: false, failing: false, reason: 'DEPLOYING', message: 'c/llm: not ready yet' },
  ],
  [
    'with a deployment in a state that only a newer Ray knows is not ready',
    {
      activeServiceStatus: cluster({
        llm: { status: 'RUNNING', serveDeploymentStatuses: { Model: { status: 'UPSCALING' } } },
      }),
    },
    { current: false, failing: false, reason: 'UPSCALING' },
  ],
  [
    'with an unhealthy deployment fails',
    {
      activeServiceStatus: cluster({
        llm: {
          status: 'RUNNING',
          serveDeploymentStatuses: { Model: { status: 'UNHEALTHY', message: 'out of memory' } },
        },
      }),
    },
    { failing: true, reason: 'UNHEALTHY', message: 'c/llm/Model: out of memory' },
  ],
  [
    'that its operator refuses fails with the words of that',
    {
      ...{ numServeEndpoints: 0, activeServiceStatus: {} },
      conditions: [condition('Ready', 'False', 'ValidationFailed', 'spec.rayClusterConfig is invalid')],
    },
    { failing: true, readyReplicas: 0, reason: 'ValidationFailed', message: 'spec.rayClusterConfig is invalid' },
  ],
  [
    'that goes back to the cluster before is not current',
    { conditions: [ready, condition('RollbackInProgress', 'True')] },
    { current: false, reason: 'RollbackInProgress' },
  ],
  [
    'of an operator without conditions is current when it says Running',
    { conditions: [], numServeEndpoints: undefined },
    { current: true, readyReplicas: 1 },
  ],
]

describe('a RayService', () => {
  it.each(table)('%s', (_sentence, status, expected) => {
    const seen = seenRayService(object({ status: { ...good, ...status } }))
    expect(seen?.endpoint).toMatchObject({ framework: 'ray_serve', resourceId: 'ml/handbook', ...expected })
  })

  it('of which nothing is told yet is on its way', () => {
    expect(seenRayService(object({}))?.endpoint).toMatchObject({ current: false, failing: false, readyReplicas: 0 })
  })

  it('keeps the state of every part', () => {
    expect(seenRayService(object({ status: good }))?.endpoint.framed?.more).toEqual({
      'c/llm': 'RUNNING',
      'c/llm/Model': 'HEALTHY',
    })
  })
})
