import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Application, applicationPath } from '../support/applications.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import {
  type Deployment,
  deploymentPath,
  endpointAnswer,
  endpointApplication,
  endpointSpec,
  endpointSynced,
  podsOfTrack,
  registerVersion,
  servingEnvironment,
  untilRollout,
  untilRecorded,
} from '../support/endpoints.ts'
import { openYard, type Yard } from '../support/yard.ts'

/* A rollout on a real Kubernetes under a real Argo CD, from the first candidate to the rollback. */

let cluster: Cluster
let yard: Yard
const name = 'letters'

const deployment = (of = name): Promise<Deployment | undefined> =>
  cluster.kubernetes.get<Deployment>(deploymentPath(yard, of))
/** The stable Deployment as it is wanted. */
const wanted = async () => (await deployment())?.spec
const readyIs = (of: string, replicas: number) =>
  cluster.kubernetes.until<Deployment>(
    deploymentPath(yard, of),
    `to have ${replicas} ready`,
    ({ status }) => status?.readyReplicas === replicas,
    90,
  )
const moved = async (...words: readonly string[]): Promise<void> => {
  const { code, stderr } = await yard.command(...words)
  expect(code, stderr).toBe(0)
}

describe.runIf(hasRealNode())('a rollout under Argo CD', () => {
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, { environment: () => servingEnvironment })
    await yard.merge({ 'letters.yaml': endpointSpec(cluster, yard, { name }) })
    await registerVersion(cluster, yard, 1)
  })
  afterAll(() => yard?.close())

  it('the first release serves, and a commit remembers that it worked', async () => {
    const first = await untilRollout(yard, name, 'to have worked', ({ stable }) => stable?.worked)
    expect(first).toMatchObject({ stable: { revision: 1, model: 'handbook-lm@1', ready_replicas: 1 }, candidate: null })
    await endpointSynced(cluster, yard, name)
  })

  it('replicas that an autoscaler sets leave the Application in sync, and stay', async () => {
    await cluster.kubernetes.patch(deploymentPath(yard, name), { spec: { replicas: 2 } })
    await readyIs(name, 2)
    await endpointSynced(cluster, yard, name)
    expect((await deployment())?.spec.replicas).toBe(2)
  })

  it('a second version begins as a candidate, and each step leaves the Application in sync and the stable pods alone', async () => {
    const before = await podsOfTrack(cluster, yard, name)
    expect(before).toHaveLength(2)
    const spec = await wanted()
    await registerVersion(cluster, yard, 2)
    await untilRollout(yard, name, 'to have a candidate', ({ candidate }) => candidate?.ready_replicas === 1)
    await endpointSynced(cluster, yard, name)
    await moved('rollout', name, 'set', '50')
    const ingress = resource('networking.k8s.io/v1', 'ingresses', yard.namespace, `${name}-candidate`)
    const isHalf = ({ metadata }: KubernetesObject): boolean => JSON.stringify(metadata.annotations).includes('"50"')
    await cluster.kubernetes.until<KubernetesObject>(ingress, 'to give the candidate half of the callers', isHalf, 60)
    await endpointSynced(cluster, yard, name)
    expect((await deployment())?.spec.replicas).toBe(2)
    expect(await podsOfTrack(cluster, yard, name)).toEqual(before)
    expect(await wanted()).toEqual(spec)
  })

  it('promoted, its pods take the place of the stable ones beside the candidate, which then goes by itself', async () => {
    await moved('rollout', name, 'promote')
    const promoted = await untilRollout(
      yard,
      name,
      'to have worked',
      ({ stable, candidate }) => stable?.worked && !candidate,
    )
    expect(promoted).toMatchObject({ stable: { revision: 2, model: 'handbook-lm@2' }, hold: null })
    await until('the candidate to be gone', async () => (await deployment(`${name}-candidate`)) === undefined, {
      seconds: 60,
    })
    await endpointSynced(cluster, yard, name)
  })

  it('a rollback brings the version before, and no spec moves it until a person lifts the hold', async () => {
    await moved('rollback', name)
    const back = await untilRollout(
      yard,
      name,
      'to have worked again',
      ({ stable }) => stable?.revision === 3 && stable.worked,
    )
    expect(back).toMatchObject({
      stable: { model: 'handbook-lm@1' },
      hold: 'ROLLED_BACK',
      wanted: { model: 'handbook-lm@2' },
    })
    await yard.merge({ 'letters.yaml': endpointSpec(cluster, yard, { name, word: 'two' }) })
    await registerVersion(cluster, yard, 3)
    const held = await untilRollout(yard, name, 'to hold back', ({ wanted }) => wanted?.model === 'handbook-lm@3')
    expect(held).toMatchObject({ stable: { revision: 3, model: 'handbook-lm@1' }, candidate: null })
    await moved('rollout', name, 'resume')
    await untilRollout(yard, name, 'to have a candidate', ({ candidate }) => candidate?.model === 'handbook-lm@3')
  })

  it('what Helm refuses is failed in its own words, and what runs is not touched', async () => {
    const spec = (word: string): string => endpointSpec(cluster, yard, { name: 'broken', word, strategy: 'rolling' })
    await yard.merge({ 'broken.yaml': spec('one') })
    await untilRollout(yard, 'broken', 'to serve', ({ stable }) => stable?.worked)
    const before = await podsOfTrack(cluster, yard, 'broken')
    const values = `environments/${yard.environment}/language/endpoints/broken/values.yaml`
    await yard.deploy.commit('Break the values', {
      [values]: (await yard.deploy.read(values)).replace(/^port: .*$/m, 'port: none'),
    })
    await yard.merge({ 'broken.yaml': spec('two') })
    const failed = await untilRecorded(yard, 'broken', 'to be failed', ({ status }) => status === 'failed')
    expect(failed).toMatchObject({ revision: 2, reason: 'SyncFailed' })
    expect(failed.message).toMatch(/at '\/port': got string, want integer/)
    expect(await podsOfTrack(cluster, yard, 'broken')).toEqual(before)
  })

  it('an endpoint whose spec is gone goes with its Application and everything of it', async () => {
    await yard.merge({ 'letters.yaml': null })
    const application = applicationPath(endpointApplication(yard, name))
    await until(
      'its Application to be gone',
      async () => (await cluster.kubernetes.get<Application>(application)) === undefined,
      {
        seconds: 90,
      },
    )
    for (const one of [name, `${name}-candidate`]) {
      expect(await deployment(one)).toBeUndefined()
      for (const [version, kind] of [
        ['v1', 'services'],
        ['networking.k8s.io/v1', 'ingresses'],
        ['autoscaling/v2', 'horizontalpodautoscalers'],
      ] as const)
        expect(await cluster.kubernetes.get(resource(version, kind, yard.namespace, one))).toBeUndefined()
    }
    await until('its record to be gone', async () => (await endpointAnswer(yard, name)) === undefined, { seconds: 60 })
  })
})
