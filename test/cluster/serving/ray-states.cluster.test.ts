import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { queryOnce } from '../../../records/pool.ts'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { servingRecipes } from '../build/recipes.ts'
import { builtTools } from '../build/tools.ts'
import { startKuberay } from '../parts/kuberay.ts'
import { type Cluster, hasRealNode } from '../support/cluster.ts'
import {
  type EndpointAnswer,
  endpointApplication,
  endpointSynced,
  registerVersion,
  servingEnvironment,
  untilRecorded,
} from '../support/endpoints.ts'
import { applicationPath } from '../support/applications.ts'
import { openOwnBed, type OwnBed } from '../support/own-bed.ts'
import { openYard, type Yard } from '../support/yard.ts'

/*
 * An endpoint on Ray Serve under KubeRay's own operator, as far as it gets without an image of Ray: the operator makes a cluster of Ray of what the chart
 * rendered, its pods wait for their image on the real node, and the record says what the operator and the pods say.
 */

/** The first time KubeRay is built, on a machine that may have much else to do; then it comes from the cache. */
const buildSecondsMax = 900
const name = 'letters'
const image = (digit: string): string => `registry.invalid/ray@sha256:${digit.repeat(64)}`

interface RayService extends KubernetesObject {
  readonly status?: {
    readonly observedGeneration?: number
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[]
    readonly pendingServiceStatus?: { readonly rayClusterName?: string }
  }
}

describe.runIf(hasRealNode())('an endpoint on Ray Serve', () => {
  let own: OwnBed
  let cluster: Cluster
  let yard: Yard

  beforeAll(async () => {
    const tools = await builtTools(servingRecipes.kuberay, () => undefined)
    own = await openOwnBed(['node', 'argocd'])
    cluster = own.cluster
    await startKuberay(cluster.folder, tools, cluster.kubernetes)
    const serving = '  serving: { kuberay: { version: 1.3.0 } }'
    yard = await openYard(cluster, { environment: () => [...servingEnvironment, serving] })
  }, buildSecondsMax * 1000)
  afterAll(async () => {
    await yard?.close()
    await own?.close()
  })

  const merge = (digit: string) => yard.merge({ 'letters.yaml': raySpec(yard, image(digit)) })
  const service = () => cluster.kubernetes.get<RayService>(resource('ray.io/v1', 'rayservices', yard.namespace, name))
  const pods = () => cluster.kubernetes.list(resource('v1', 'pods', yard.namespace))
  const untilFailed = (revision: number) => {
    const isBroken = (one: EndpointAnswer): boolean =>
      one.status === 'failed' && one.revision === revision && one.reason === 'ImagePullBackOff'
    return untilRecorded(yard, name, `to be failed at ${revision}`, isBroken)
  }

  it('is deployed while the operator makes its cluster, whose pods say which endpoint they are of', async () => {
    await merge('0')
    await registerVersion(cluster, yard, 1)
    await untilRecorded(yard, name, 'to be deployed', ({ status }) => status === 'deploying')
    const hasCluster = async () =>
      (await pods()).filter(({ metadata }) => metadata.labels?.['ray.io/is-ray-node'] === 'yes').length === 2
    await until('a head and a worker', hasCluster, { seconds: 60 })
    const workers = (await pods()).filter(({ metadata }) => metadata.labels?.['ray.io/node-type'] === 'worker')
    expect(workers.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/instance'])).toEqual([name])
    await endpointSynced(cluster, yard, name)
  })

  it('is failed by what its pods say while the operator says no more than that it begins, of this generation', async () => {
    const record = await untilFailed(1)
    expect(record.message).toContain('registry.invalid/ray')
    const seen = await service()
    expect(seen?.status?.conditions).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'False', reason: 'Initializing' })]),
    )
    const [framed] = await queryOnce<{ framework_status: object }>(
      yard.database.pool,
      'select framework_status from serving_deployments',
    )
    expect(framed?.framework_status).toMatchObject({
      ...{ current: false, readyReplicas: 0 },
      observedGeneration: seen?.metadata['generation'],
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Ready', reason: 'Initializing' }),
      ]) as unknown,
    })
  })

  it('begins another cluster for another release, and is told of that one', async () => {
    const before = (await service())?.status?.pendingServiceStatus?.rayClusterName
    await merge('1')
    await untilFailed(2)
    const hasAnother = async () => {
      const now = (await service())?.status?.pendingServiceStatus?.rayClusterName
      return now !== undefined && now !== before
    }
    await until('another cluster', hasAnother, { seconds: 60 })
    expect((await service())?.metadata.annotations?.['specyard.dev/revision']).toBe('2')
    await endpointSynced(cluster, yard, name)
  })

  it('goes with its Application when its spec does', async () => {
    await yard.merge({ 'letters.yaml': null })
    const application = applicationPath(endpointApplication(yard, name))
    const isGone = async () => (await cluster.kubernetes.get(application)) === undefined
    await until('its Application to be gone', isGone, { seconds: 90 })
    expect(await service()).toBeUndefined()
  })
})

function raySpec({ environment }: Yard, image: string): string {
  return `apiVersion: specyard.dev/v1
kind: ServingEndpoint
metadata: { name: ${name}, project: language }
spec:
  model: { ref: handbook-lm, family: char-loglinear }
  serveTarget: GENERATION
  framework: ray_serve
  image: '${image}'
  rayServe: { importPath: 'app:endpoint', deployment: Endpoint, rayVersion: 2.46.0 }
  port: 8000
  route: /${name}
  resources:
    cpu: { request: 10m, limit: '1' }
    memory: { request: 64Mi, limit: 2Gi }
  replicas: { min: 1, max: 1 }
  rollout: { strategy: blue-green }
  environments: { ${environment}: {} }
`
}
