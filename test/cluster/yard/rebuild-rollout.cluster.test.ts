import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { queryOnce } from '../../../records/pool.ts'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import {
  type Deployment,
  deploymentPath,
  endpointAnswer,
  endpointSpec,
  podsOfTrack,
  registerVersion,
  type RolloutAnswer,
  servingEnvironment,
  untilRecorded,
  untilRollout,
} from '../support/endpoints.ts'
import { loseAndRebuild } from '../support/lost-records.ts'
import { openYard, type Yard } from '../support/yard.ts'

/*
 * The database is lost in the middle of a rollout, and again under a hold. What `specyard rebuild` and the next looks at the cluster make of it is what was
 * there before, and the rollout goes on from where it was.
 */

const name = 'letters'

describe.runIf(hasRealNode())('a rollout whose records are lost', () => {
  let cluster: Cluster
  let yard: Yard

  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, { environment: () => servingEnvironment })
    await yard.merge({ 'letters.yaml': endpointSpec(cluster, yard, { name }) })
    await registerVersion(cluster, yard, 1)
    await untilRollout(yard, name, 'to have worked', ({ stable }) => stable?.worked)
    await registerVersion(cluster, yard, 2)
    await untilRollout(yard, name, 'to have a candidate', ({ candidate }) => candidate?.ready_replicas === 1)
  })
  afterAll(() => yard?.close())

  const rollout = () => yard.ask<RolloutAnswer>(`/v1/endpoints/${yard.environment}/language/${name}/rollout`)
  const moved = async (...words: readonly string[]): Promise<void> => {
    const { code, stderr } = await yard.command(...words)
    expect(code, stderr).toBe(0)
  }
  /** Everything that is told of the endpoint and its releases, but for times. */
  const told = async () => {
    const record = await endpointAnswer(yard, name)
    const { id, status, reason, revision } = record as typeof record & { readonly id: string }
    return { rollout: await rollout(), record: { id, status, reason, revision }, releases: await openReleases(yard) }
  }
  const comesBack = async (before: Awaited<ReturnType<typeof told>>): Promise<void> => {
    const pods = [await podsOfTrack(cluster, yard, name), await podsOfTrack(cluster, yard, `${name}-candidate`)]
    const rebuild = await loseAndRebuild(yard)
    expect(rebuild, rebuild.stderr).toMatchObject({ code: 0 })
    await untilRecorded(yard, name, `to be ${before.record.status} again`, ({ status }) => {
      return status === before.record.status
    })
    let last: unknown
    const isSame = async () => {
      last = await told()
      return JSON.stringify(last) === JSON.stringify(before)
    }
    await until('all to be told as before', isSame, { seconds: 30 }).catch(() => undefined)
    expect(last).toEqual(before)
    // Nothing was published or applied for it.
    expect([await podsOfTrack(cluster, yard, name), await podsOfTrack(cluster, yard, `${name}-candidate`)]).toEqual(
      pods,
    )
  }

  it('has its candidate, weights and states again, and no pod is replaced', async () => {
    await moved('rollout', name, 'set', '30')
    await untilRollout(yard, name, 'to be at 30', ({ candidate }) => candidate?.weight === 30)
    await untilRecorded(yard, name, 'to be healthy', ({ status }) => status === 'healthy')
    // The records have a weight once Argo CD has brought it to the cluster.
    const areAsAsked = async () =>
      JSON.stringify((await openReleases(yard)).map(({ weight, health_status }) => [weight, health_status])) ===
      JSON.stringify([
        [70, 'healthy'],
        [30, 'healthy'],
      ])
    await until('both releases to be healthy with their weights', areAsAsked, { seconds: 90 })
    const before = await told()
    expect(before).toMatchObject({
      rollout: { stable: { revision: 1, weight: 70, worked: true }, candidate: { revision: 2, weight: 30 } },
      releases: [
        { revision: 1, model_version: 1, status: 'active', health_status: 'healthy', weight: 70 },
        { revision: 2, model_version: 2, status: 'deploying', health_status: 'healthy', weight: 30 },
      ],
    })
    await comesBack(before)
  })

  it('goes on from there: the candidate is promoted', async () => {
    await moved('rollout', name, 'promote')
    await untilRollout(yard, name, 'to have worked', ({ stable, candidate }) => stable?.worked && !candidate)
    const isGone = async () =>
      (await cluster.kubernetes.get<Deployment>(deploymentPath(yard, `${name}-candidate`))) === undefined
    await until('the candidate to be gone', isGone, { seconds: 60 })
  })

  it('that a person took back stays held, with what is wanted, until a person lifts the hold', async () => {
    await moved('rollback', name)
    await untilRollout(yard, name, 'to be back', ({ stable }) => stable?.revision === 3 && stable.worked)
    await untilRecorded(yard, name, 'to be healthy', ({ status, revision }) => status === 'healthy' && revision === 3)
    const isSettled = async () => (await podsOfTrack(cluster, yard, name)).length === 1
    await until('the pods before to be gone', isSettled, { seconds: 60 })
    const before = await told()
    expect(before.rollout).toMatchObject({
      stable: { revision: 3, model: 'handbook-lm@1' },
      hold: 'ROLLED_BACK',
      wanted: { model: 'handbook-lm@2' },
    })
    await comesBack(before)
    await moved('rollout', name, 'resume')
    await untilRollout(yard, name, 'to have a candidate', ({ candidate }) => candidate?.model === 'handbook-lm@2')
  })
})

interface OpenRelease {
  readonly weight: number | null
  readonly health_status: string
}

function openReleases({ database }: Yard): Promise<readonly OpenRelease[]> {
  return queryOnce<OpenRelease>(
    database.pool,
    `select revision, model_version, status, health_status, weight from deployments
      where superseded_at is null and revision is not null order by revision`,
  )
}
