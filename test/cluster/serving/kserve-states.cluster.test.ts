import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { queryOnce } from '../../../records/pool.ts'
import { until } from '../base/wait.ts'
import { servingRecipes } from '../build/recipes.ts'
import { builtTools } from '../build/tools.ts'
import { startKserve } from '../parts/kserve.ts'
import { type Cluster, hasRealNode } from '../support/cluster.ts'
import {
  type EndpointAnswer,
  endpointSpec,
  endpointSynced,
  type EndpointWishes,
  podsOfTrack,
  registerVersion,
  servingEnvironment,
  untilRecorded,
} from '../support/endpoints.ts'
import { openOwnBed, type OwnBed } from '../support/own-bed.ts'
import { openYard, type Yard } from '../support/yard.ts'

/*
 * An endpoint on KServe, from the spec to the record: Argo CD applies what is published, KServe's own controller makes pods of it, the real node runs
 * them, and the record says what KServe says of the newest generation.
 */

/** The first time KServe is built, on a machine that may have much else to do; then it comes from the cache. */
const buildSecondsMax = 1500
const name = 'letters'
const nowhere = `registry.invalid/none@sha256:${'0'.repeat(64)}`

describe.runIf(hasRealNode())('an endpoint on KServe', () => {
  let own: OwnBed
  let cluster: Cluster
  let yard: Yard

  beforeAll(async () => {
    const tools = await builtTools(servingRecipes.kserve, () => undefined)
    own = await openOwnBed(['node', 'argocd'])
    cluster = own.cluster
    await startKserve(cluster.folder, tools, cluster.kubernetes)
    const serving = '  serving: { kserve: { version: 0.16.0, mode: Standard } }'
    yard = await openYard(cluster, { environment: () => [...servingEnvironment, serving] })
  }, buildSecondsMax * 1000)
  afterAll(async () => {
    await yard?.close()
    await own?.close()
  })

  const merge = (wishes: Partial<EndpointWishes>) =>
    yard.merge({
      'letters.yaml': endpointSpec(cluster, yard, { name, framework: 'kserve', strategy: 'rolling', ...wishes }),
    })
  const untilHealthy = (revision: number) =>
    untilRecorded(yard, name, `to be healthy at ${revision}`, (one) => {
      return one.status === 'healthy' && one.revision === revision
    })

  it('waits for a model, is deployed while KServe brings it up, and healthy when KServe says Ready of this generation', async () => {
    await merge({})
    await untilRecorded(yard, name, 'to wait', ({ status }) => status === 'waiting')
    await registerVersion(cluster, yard, 1)
    await untilRecorded(yard, name, 'to be deployed', ({ status }) => status === 'deploying')
    await untilHealthy(1)
    const [framed] = await framedOf(yard)
    expect(framed).toMatchObject({
      serving_framework: 'kserve',
      framework_resource_id: `${yard.namespace}/${name}`,
      framework_status: { current: true, readyReplicas: 1, more: { transitionStatus: 'UpToDate' } },
    })
    await endpointSynced(cluster, yard, name)
  })

  it('a release of the same model is not healthy by the pods of the one before it', async () => {
    const before = await podsOfTrack(cluster, yard, name)
    await merge({ word: 'two' })
    await untilHealthy(2)
    const isReplaced = async () => !(await podsOfTrack(cluster, yard, name)).some((pod) => before.includes(pod))
    await until('the pods of the release before to be gone', isReplaced, { seconds: 30 })
    await endpointSynced(cluster, yard, name)
  })

  it('one that only scales replaces no pod', async () => {
    const before = await podsOfTrack(cluster, yard, name)
    await merge({ word: 'two', most: 4 })
    await untilHealthy(3)
    expect(await podsOfTrack(cluster, yard, name)).toEqual(before)
  })

  it('one whose image is nowhere makes it degraded, with the words for that, while the one before serves on', async () => {
    const [before] = await podsOfTrack(cluster, yard, name)
    await merge({ image: nowhere, most: 4 })
    const isBroken = ({ status, revision }: EndpointAnswer): boolean => status === 'degraded' && revision === 4
    const record = await untilRecorded(yard, name, 'to be degraded', isBroken)
    expect(record).toMatchObject({ reason: 'ImagePullBackOff' })
    expect(record.message).toContain('registry.invalid/none')
    expect(await podsOfTrack(cluster, yard, name)).toContain(before)
    const [framed] = await framedOf(yard)
    expect(framed?.framework_status).toMatchObject({ current: false, readyReplicas: 1 })
  })

  it('what Helm refuses is failed in its own words, whatever KServe says of the release before', async () => {
    await merge({ word: 'four', most: 4 })
    await untilHealthy(5)
    const isAlone = async () => (await podsOfTrack(cluster, yard, name)).length === 1
    await until('the pod that never started to be gone', isAlone, { seconds: 30 })
    const before = await podsOfTrack(cluster, yard, name)
    const values = `environments/${yard.environment}/language/endpoints/${name}/values.yaml`
    await yard.deploy.commit('Break the values', {
      [values]: (await yard.deploy.read(values)).replace(/^port: .*$/m, 'port: none'),
    })
    await merge({ word: 'five', most: 4 })
    const isRefused = ({ status, revision }: EndpointAnswer): boolean => status === 'failed' && revision === 6
    const record = await untilRecorded(yard, name, 'to be failed', isRefused)
    expect(record.reason).toBe('SyncFailed')
    expect(record.message).toMatch(/at '\/port': got string, want integer/)
    expect(await podsOfTrack(cluster, yard, name)).toEqual(before)
  })
})

interface Framed {
  readonly serving_framework: string
  readonly framework_resource_id: string
  readonly framework_status: {
    readonly observedGeneration: number
    readonly conditions: readonly { readonly type: string }[]
  }
}

async function framedOf({ database }: Yard): Promise<readonly Framed[]> {
  return queryOnce<Framed>(database.pool, 'select * from serving_deployments')
}
