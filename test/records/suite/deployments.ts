import { describe, expect, it } from 'vitest'
import { deploymentLogMax, type ReleaseState } from '../../../domain/deployment.ts'
import { queryOnce } from '../../../records/pool.ts'
import { later, sampleEndpoint, sampleVersion, type TestRecords } from '../../support/records.ts'

const key = { environment: 'dev', project: 'language', name: 'handbook' }

function release(revision: number, changes: Partial<ReleaseState> = {}): ReleaseState {
  return {
    ...{ revision, modelVersion: revision, modelDigest: sampleVersion({ version: revision }).digest },
    ...{ status: 'active', health: 'healthy', reason: '', message: '', url: null, weight: null },
    ...changes,
  }
}

export function describeDeployments(context: () => TestRecords): void {
  const endpoint = sampleEndpoint()
  const put = (releases: readonly ReleaseState[], takenBack = false, seconds = 1) =>
    context().records.endpoints.put(
      { ...endpoint, updatedAt: later(seconds), revision: releases[0]?.revision ?? 0 },
      undefined,
      undefined,
      { releases, takenBack },
    )
  const statuses = async () =>
    (await context().records.serving.list({}))
      .map((one) => `${one.revision} ${one.status}${one.supersededAt ? ' over' : ''}`)
      .sort()

  describe('the deployments of an endpoint', () => {
    it('are one for each release, with the share of each during a rollout', async () => {
      const { serving } = context().records
      await put([release(1)])
      await put([release(1, { weight: 75 }), release(2, { status: 'deploying', weight: 25 })])
      expect(await statuses()).toEqual(['1 active', '2 deploying'])
      const states = await serving.states()
      expect([...states.values()]).toEqual([
        { resource: null, releases: [release(1, { weight: 75 }), release(2, { status: 'deploying', weight: 25 })] },
      ])
      expect(await serving.ofRelease(key, 2)).toMatchObject({ environment: 'dev', endpoint: 'handbook', weight: 25 })
    })

    it('that a newer one follows keep what became of them', async () => {
      await put([release(1)])
      await put([release(2, { status: 'failed' })])
      await put([release(3)])
      expect(await statuses()).toEqual(['1 active over', '2 failed over', '3 active'])
    })

    it('that were taken back are rolled back: by a rollback, or as the candidate of an aborted rollout', async () => {
      await put([release(1)])
      await put([release(2, { status: 'failed' })])
      await put([release(3, { modelVersion: 1 })], true)
      expect(await statuses()).toEqual(['1 active over', '2 rollback over', '3 active'])
      await put([release(3), release(4, { status: 'deploying' })])
      await put([release(3)])
      expect(await statuses()).toEqual(['1 active over', '2 rollback over', '3 active', '4 rollback over'])
    })

    it('tell what became of them, line by line and a bounded number', async () => {
      await put([release(1, { status: 'validating', reason: 'Published', message: 'published' })], false, 1)
      await put([release(1)], false, 2)
      await put([release(1)], false, 3)
      const [one] = await context().records.serving.list({})
      expect(one?.log).toEqual([
        `${later(1).toISOString()} validating Published: published`,
        `${later(2).toISOString()} active`,
      ])
      for (let number = 0; number < deploymentLogMax + 5; number += 1) await put([release(1, { message: `${number}` })])
      const log = (await context().records.serving.list({}))[0]?.log ?? []
      expect(log).toHaveLength(deploymentLogMax)
      expect(log.at(-1)).toMatch(/active: 204$/)
    })

    it('end with the endpoint, whose workload is then gone too', async () => {
      await put([release(1)])
      await context().records.endpoints.remove(key)
      expect(await statuses()).toEqual(['1 active over'])
      await put([release(1)])
      expect(await statuses()).toEqual(['1 active'])
    })

    it('have what was measured, once anything was', async () => {
      const { serving } = context().records
      await put([release(1)])
      const [before] = await serving.list({})
      expect(before?.measured).toBeNull()
      const measured = { requests: 12, errorRate: 0.25, averageLatencyMilliseconds: 8.5, at: later(9) }
      await serving.measure(before?.id ?? '', measured)
      expect((await serving.get(before?.id ?? ''))?.measured).toEqual(measured)
    })

    it('are found by id, by what they are of and by their status, newest first', async () => {
      const { serving } = context().records
      await put([release(1)])
      await put([release(2, { status: 'failed' })])
      expect(await serving.list({ statuses: ['failed'], model: 'handbook-lm', environments: ['dev'] })).toMatchObject([
        { revision: 2 },
      ])
      expect(await serving.list({ project: 'other' })).toEqual([])
      expect(await serving.list({ limit: 1 })).toHaveLength(1)
      for (const id of ['', 'x', "' or 1=1", '00000000-0000-4000-8000-000000000000'])
        expect(await serving.get(id)).toBeUndefined()
      expect(await serving.counts({ project: 'language' })).toEqual(
        new Map([
          ['language/handbook-lm@1', 1],
          ['language/handbook-lm@2', 1],
        ]),
      )
    })
  })

  describe('a deployment that was asked for', () => {
    const pending = {
      endpoint,
      ...{ modelVersion: 2, modelDigest: release(2).modelDigest, createdBy: 'api', commit: 'abc' },
      ...{ pullRequest: 'https://git.example.com/pull/7', message: 'waits for its pull request' },
    }

    it('is pending, and becomes the deployment of its release once that is there', async () => {
      const { serving } = context().records
      await put([release(1)])
      const id = await serving.propose(pending)
      expect(await serving.get(id)).toMatchObject({
        status: 'pending',
        revision: null,
        commit: 'abc',
        createdBy: 'api',
      })
      await put([release(2, { status: 'deploying' })])
      expect(await serving.get(id)).toMatchObject({
        ...{ status: 'deploying', revision: 2, createdBy: 'api', pullRequest: 'https://git.example.com/pull/7' },
      })
      expect(await statuses()).toEqual(['1 active over', '2 deploying'])
    })

    it('of an endpoint that is not there yet makes no endpoint of it', async () => {
      const { endpoints, serving } = context().records
      const id = await serving.propose(pending)
      expect(await endpoints.list({})).toEqual([])
      expect(await serving.get(id)).toMatchObject({ status: 'pending', endpoint: 'handbook' })
    })

    it('is not touched by releases of other models, and can be given up', async () => {
      const { serving } = context().records
      const id = await serving.propose(pending)
      await put([release(1)])
      expect(await serving.get(id)).toMatchObject({ status: 'pending' })
      await serving.giveUp(id, 'its pull request was closed')
      expect(await serving.get(id)).toMatchObject({ status: 'failed', message: 'its pull request was closed' })
    })
  })

  it('a probe writes when it was made and why it failed, and nothing else', async () => {
    const { endpoints, serving } = context().records
    await endpoints.put(endpoint, null)
    await serving.probed(key, later(5), 'it answers 500')
    const [row] = await queryOnce(
      context().pool,
      'select last_health_check, health_message, version from serving_endpoints',
    )
    expect(row).toMatchObject({ last_health_check: later(5), health_message: 'it answers 500' })
    await serving.probed(key, later(6), null)
    expect((await endpoints.get(key))?.lastHealthCheck).toEqual(later(6))
  })
}
