import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { servingRecipes } from '../build/recipes.ts'
import { builtTools } from '../build/tools.ts'
import { startMetricsServer } from '../parts/metrics-server.ts'
import { type Cluster, hasRealNode } from '../support/cluster.ts'
import {
  type Deployment,
  deploymentPath,
  endpointSpec,
  endpointSynced,
  podsOfTrack,
  registerVersion,
  servingEnvironment,
  untilRollout,
} from '../support/endpoints.ts'
import { openOwnBed, type OwnBed } from '../support/own-bed.ts'
import { openYard, type Yard } from '../support/yard.ts'

/*
 * An endpoint that Kubernetes itself scales: the kubelet measures its pods, metrics-server hands that on, and the autoscaler that the chart rendered counts
 * the replicas of a Deployment that Argo CD keeps as it is in Git.
 */

/** The first time metrics-server is built, on a machine that may have much else to do; then it comes from the cache. */
const buildSecondsMax = 900
const name = 'busy'
/** Takes most of a core from when it is asked for `/burn`. */
const program = [
  'let burns = false;',
  "require('node:http').createServer(({ url }, response) => {",
  "  if (url === '/burn') burns = true;",
  '  response.end(process.env.WORD)',
  '}).listen(Number(process.env.PORT));',
  'setInterval(() => { const until = Date.now() + 80; while (burns && Date.now() < until); }, 100)',
].join(' ')

interface Pod extends KubernetesObject {
  readonly status?: { readonly podIP?: string }
}

interface Managed {
  readonly manager: string
  readonly subresource?: string
  readonly fieldsV1: { readonly 'f:spec'?: Readonly<Record<string, unknown>> }
}

interface Autoscaler extends KubernetesObject {
  readonly status?: { readonly currentMetrics?: readonly unknown[] }
}

describe.runIf(hasRealNode())('an endpoint under a real autoscaler', () => {
  let own: OwnBed
  let cluster: Cluster
  let yard: Yard

  beforeAll(async () => {
    const tools = await builtTools(servingRecipes.metricsServer, () => undefined)
    own = await openOwnBed(['node', 'argocd'])
    cluster = own.cluster
    await startMetricsServer(cluster.folder, tools, cluster.kubernetes)
    yard = await openYard(cluster, { environment: () => servingEnvironment })
    await yard.merge({ 'busy.yaml': endpointSpec(cluster, yard, { name, strategy: 'rolling', program }) })
    await registerVersion(cluster, yard, 1)
    await untilRollout(yard, name, 'to serve', ({ stable }) => stable?.worked)
  }, buildSecondsMax * 1000)
  afterAll(async () => {
    await yard?.close()
    await own?.close()
  })

  /** Asks every server of the endpoint, from outside, as a caller would. */
  const burn = async (): Promise<void> => {
    const pods = await cluster.kubernetes.list<Pod>(resource('v1', 'pods', yard.namespace))
    const own = pods.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/instance'] === name)
    for (const { status } of own.filter((one) => one.status?.podIP))
      expect((await fetch(`http://${status?.podIP}:8080/burn`)).status).toBe(200)
  }
  const replicasAre = (replicas: number) =>
    cluster.kubernetes.until<Deployment>(
      deploymentPath(yard, name),
      `to have ${replicas} replicas`,
      ({ spec, status }) => spec.replicas === replicas && status?.readyReplicas === replicas,
      150,
    )

  it('is measured: its autoscaler knows what its pods take of a processor', async () => {
    const path = resource('autoscaling/v2', 'horizontalpodautoscalers', yard.namespace, name)
    const isKnown = ({ status }: Autoscaler) =>
      JSON.stringify(status?.currentMetrics ?? []).includes('averageUtilization')
    await cluster.kubernetes.until<Autoscaler>(path, 'to know the load', isKnown, 120)
  })

  it('gets as many replicas as it may under load, and its Application stays in sync', async () => {
    const [first] = await podsOfTrack(cluster, yard, name)
    await burn()
    await replicasAre(3)
    await endpointSynced(cluster, yard, name)
    const scaled = await untilRollout(yard, name, 'to have three', ({ stable }) => stable?.ready_replicas === 3)
    expect(scaled).toMatchObject({ stable: { revision: 1, replicas: 3 }, candidate: null })
    expect(await podsOfTrack(cluster, yard, name)).toContain(first)
  })

  it('keeps them when the next release comes, which says nothing of their number', async () => {
    await yard.merge({ 'busy.yaml': endpointSpec(cluster, yard, { name, strategy: 'rolling', program, word: 'two' }) })
    await untilRollout(yard, name, 'to serve the second release', ({ stable }) => {
      return stable?.revision === 2 && stable.worked
    })
    // The new servers have nothing to do, so the autoscaler may already have taken some away: it alone, and not Argo CD.
    const deployment = await cluster.kubernetes.get(deploymentPath(yard, name))
    const fields = (deployment?.metadata['managedFields'] ?? []) as readonly Managed[]
    const counting = fields.filter((one) => one.fieldsV1['f:spec']?.['f:replicas'] !== undefined)
    expect(counting.map(({ manager, subresource }) => [manager, subresource])).toEqual([
      ['kube-controller-manager', 'scale'],
    ])
    await endpointSynced(cluster, yard, name)
  })

  it('gets down to one when nobody asks, and its Application stays in sync', async () => {
    await replicasAre(1)
    await endpointSynced(cluster, yard, name)
  })
})
