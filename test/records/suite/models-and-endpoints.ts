import { describe, expect, it } from 'vitest'
import { queryOnce } from '../../../records/pool.ts'
import type { ServingResource } from '../../../records/records.ts'
import {
  addRun,
  later,
  sampleEndpoint,
  sampleEndpointPlan,
  sampleVersion,
  type TestRecords,
} from '../../support/records.ts'

const resource: ServingResource = {
  ...{ framework: 'fastapi', resourceId: 'deployment/handbook', namespace: 'language', replicas: 2 },
  ...{
    minReplicas: 1,
    maxReplicas: 4,
    autoscalingMetrics: { cpuUtilization: 70 },
    resourceRequests: { cpu: '1' },
    resourceLimits: { cpu: '2' },
    status: { ready: 2 },
  },
}

export function describeModelsAndEndpoints(context: () => TestRecords): void {
  describe('model versions', () => {
    it('come from the ledger once, and stay as they came but for their stage', async () => {
      const { models } = context().records
      const versions = [sampleVersion(), sampleVersion({ version: 2 })]
      expect(await models.absorb('language', 'handbook-lm', 'char', versions.slice(0, 1))).toBe(1)
      expect(await models.absorb('language', 'handbook-lm', null, versions)).toBe(1)
      expect(await models.absorb('language', 'handbook-lm', null, [sampleVersion({ stage: 'archived' })])).toBe(0)
      expect(await models.absorb('language', 'other', null, [])).toBe(0)
      const listed = await models.list({ project: 'language', model: 'handbook-lm' })
      expect(listed).toMatchObject(
        versions.map((one) => ({
          ...{ ...one, project: 'language', model: 'handbook-lm' },
          stage: one.version === 1 ? 'archived' : one.stage,
        })),
      )
      expect(await models.list({ model: 'other' })).toEqual([])
      expect(await models.list({})).toHaveLength(2)
    })

    it('that two absorb at once are there once', async () => {
      const { models } = context().records
      const absorb = () => models.absorb('language', 'handbook-lm', 'char', [sampleVersion()])
      expect((await Promise.all([absorb(), absorb(), absorb()])).sort()).toEqual([0, 0, 1])
    })
  })

  describe('an endpoint', () => {
    const key = { environment: 'dev', project: 'language', name: 'handbook' }

    it('is read as it was put, and its version counts the changes', async () => {
      const { endpoints } = context().records
      const endpoint = sampleEndpoint({ lastHealthCheck: later(5), url: 'http://127.0.0.1:8080' })
      await endpoints.put(endpoint, null)
      expect(await endpoints.get(key)).toEqual(endpoint)
      await endpoints.put({ ...endpoint, id: sampleEndpoint().id, status: 'healthy', updatedAt: later(9) }, null)
      const changed = { ...endpoint, status: 'healthy', updatedAt: later(9), version: 1 }
      expect(await endpoints.list({ environment: 'dev', project: 'language' })).toEqual([changed])
      expect(await endpoints.list({ environment: 'prod' })).toEqual([])
      expect(await endpoints.get({ ...key, name: 'other' })).toBeUndefined()
    })

    it('that waits for its model has no status of the source document and no deployment', async () => {
      const { pool, records } = context()
      const waiting = sampleEndpoint({ status: 'waiting', modelVersion: null, modelDigest: null, revision: 0 })
      await records.endpoints.put(waiting, null)
      expect(await records.endpoints.get(key)).toEqual(waiting)
      expect(await queryOnce(pool, 'select status from serving_endpoints')).toEqual([{ status: null }])
      expect(await queryOnce(pool, 'select id from deployments')).toEqual([])
    })

    it('whose spec is gone is gone, and is the same endpoint when it comes back', async () => {
      const { endpoints } = context().records
      const endpoint = sampleEndpoint()
      await endpoints.put(endpoint, null)
      await endpoints.remove(key)
      await endpoints.remove(key)
      expect([await endpoints.get(key), await endpoints.list({})]).toEqual([undefined, []])
      await endpoints.put(sampleEndpoint({ revision: 2 }), null)
      expect(await endpoints.get(key)).toMatchObject({ id: endpoint.id, revision: 2, version: 2 })
    })

    it('has one deployment for each release, of which the newest is current', async () => {
      const { pool, records } = context()
      const endpoint = sampleEndpoint()
      const put = (revision: number, status: 'deploying' | 'healthy' | 'degraded' | 'failed', seconds: number) =>
        records.endpoints.put({ ...endpoint, revision, status, updatedAt: later(seconds) }, null)
      await put(1, 'deploying', 1)
      await put(1, 'healthy', 2)
      await put(1, 'degraded', 3)
      await put(2, 'deploying', 4)
      await put(2, 'failed', 5)
      const rows = await queryOnce(
        pool,
        'select revision, status, health_status, deployed_at, superseded_at, model_version from deployments order by revision',
      )
      expect(rows).toEqual([
        {
          ...{ revision: 1, status: 'active', health_status: 'degraded', deployed_at: later(2) },
          ...{ superseded_at: later(4), model_version: 1 },
        },
        {
          ...{ revision: 2, status: 'failed', health_status: 'unhealthy', deployed_at: null },
          ...{ superseded_at: null, model_version: 1 },
        },
      ])
    })

    it('has one serving deployment, once its resource exists', async () => {
      const { pool, records } = context()
      const deployments = () =>
        queryOnce(
          pool,
          'select serving_framework, framework_resource_id, replica_count, framework_status from serving_deployments',
        )
      const endpoint = sampleEndpoint()
      await records.endpoints.put(endpoint, null)
      expect(await deployments()).toEqual([])
      await records.endpoints.put(endpoint, resource)
      await records.endpoints.put(endpoint, { ...resource, replicas: 3 })
      expect(await deployments()).toEqual([
        {
          ...{ serving_framework: 'fastapi', framework_resource_id: 'deployment/handbook' },
          ...{ replica_count: 3, framework_status: { ready: 2 } },
        },
      ])
    })

    it('keeps what its plan says in the columns of the source document, also when later writes bring no plan', async () => {
      const { pool, records } = context()
      const endpoint = sampleEndpoint()
      await records.endpoints.put(endpoint, null, sampleEndpointPlan(endpoint))
      await records.endpoints.put({ ...endpoint, status: 'healthy' }, resource)
      const [row] = await queryOnce(
        pool,
        `select runtime_image, autoscale_policy, use_gpu, cpu_request, memory_limit, rollback_plan, template, family
         from serving_endpoints join prompt_templates on prompt_templates.id = prompt_policy_id
         join model_catalog_entries on model_catalog_entries.id = model_entry_id`,
      )
      expect(row).toEqual({
        ...{
          runtime_image: 'ghcr.io/example/handbook-api',
          use_gpu: false,
          cpu_request: '2000m',
          memory_limit: '17179869184',
        },
        autoscale_policy: { targetLatencyMs: 200, cpuUtilization: 70 },
        ...{ rollback_plan: 'the release before', template: '{{input}}', family: 'char-loglinear' },
      })
    })

    it('keeps its DeploymentSpec when it is written without one, and gets one made of its model where it never had any', async () => {
      const { endpoints, models } = context().records
      const run = await addRun(context())
      const version = sampleVersion({ run: { id: run.id, attempt: 1, environment: 'dev' } })
      await models.absorb('language', 'handbook-lm', 'char-loglinear', [version])
      const bare = sampleEndpoint({ deploymentSpec: {} })
      await endpoints.put(bare, null)
      expect((await endpoints.get(key))?.deploymentSpec).toEqual({
        ...{ model_ref: 'handbook-lm', model_family: 'char-loglinear', job_type: 'PRETRAIN' },
        ...{ serve_target: 'GENERATION', resources: { gpus: 0 }, use_gpu: false },
      })
      const given = { model_ref: 'handbook-lm', serve_target: 'RAG' }
      await endpoints.put({ ...bare, deploymentSpec: given }, null)
      await endpoints.put(bare, null)
      expect((await endpoints.get(key))?.deploymentSpec).toEqual(given)
    })

    it('is seen as inference endpoint of the run that its model came from', async () => {
      const { pool, records } = context()
      const run = await addRun(context())
      const version = sampleVersion({ run: { id: run.id, attempt: 1, environment: 'dev' } })
      await records.models.absorb('language', 'handbook-lm', null, [version])
      const seen = () =>
        queryOnce(pool, 'select workflow_id, endpoint_url, status, total_requests from inference_endpoints')
      const shape = { workflow_id: run.id, endpoint_url: 'http://127.0.0.1:1', total_requests: 0 }
      const endpoint = sampleEndpoint({ url: 'http://127.0.0.1:1' })
      for (const [status, as] of [
        ['deploying', 'deploying'],
        ['healthy', 'active'],
        ['degraded', 'active'],
        ['failed', 'error'],
      ] as const) {
        await records.endpoints.put({ ...endpoint, status }, null)
        expect(await seen()).toEqual([{ ...shape, status: as }])
      }
      await records.endpoints.remove(key)
      expect(await seen()).toEqual([{ ...shape, status: 'inactive' }])
    })
  })
}
