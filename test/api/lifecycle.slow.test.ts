import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ApiPorts } from '../../api/ports.ts'
import type { DeployPlan, DeployRequest, LifecyclePorts } from '../../api/lifecycle/ports.ts'
import type { DeploymentStatus, ReleaseState } from '../../domain/deployment.ts'
import type { EndpointLedger } from '../../domain/ledger.ts'
import type { Operation } from '../../domain/operation.ts'
import { openRecords } from '../../records/open.ts'
import type { Records } from '../../records/records.ts'
import { type Loose, openTestApi, type TestApi } from '../support/api.ts'
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  addRun,
  changeRun,
  done,
  later,
  sampleEndpoint,
  sampleEndpointPlan,
  sampleVersion,
} from '../support/records.ts'

const base = '/api/v1/ml/lifecycle'

let database: TestDatabase
let records: Records
let api: TestApi
beforeAll(async () => {
  database = await openTestDatabase()
  records = openRecords(database.pool)
})
afterAll(() => database.close())
beforeEach(async () => {
  await emptyTables(database.pool)
  api = await openTestApi(records)
  return () => api.app.close()
})

const endpoint = sampleEndpoint()

function release(revision: number, changes: Partial<ReleaseState> = {}): ReleaseState {
  return {
    ...{ revision, modelVersion: revision, modelDigest: sampleVersion({ version: revision }).digest },
    ...{ status: 'active', health: 'healthy', reason: '', message: '', url: 'http://h', weight: null },
    ...changes,
  }
}

async function put(...releases: readonly ReleaseState[]): Promise<void> {
  const versions = releases.map((one) => sampleVersion({ version: one.modelVersion }))
  await records.models.absorb('language', 'handbook-lm', 'char', versions)
  const at = later(releases[0]?.revision ?? 0)
  await records.endpoints.put({ ...endpoint, updatedAt: at }, undefined, undefined, { releases, takenBack: false })
}

async function reopen(ports: Partial<ApiPorts>): Promise<void> {
  await api.app.close()
  api = await openTestApi(records, ports)
}

const lifecycle = (ports: Partial<LifecyclePorts>) => reopen({ lifecycle: { ...api.ports.lifecycle, ...ports } })

async function onlyDeployment(): Promise<Loose> {
  const { json } = await api.ask('GET', `${base}/deployments`)
  return json[0]
}

describe('deployments', () => {
  it('are listed with the fields of the source document, newest first', async () => {
    await put(release(1))
    await put(release(2, { status: 'deploying', health: null, url: null }))
    const { status, json } = await api.ask('GET', `${base}/deployments`)
    expect(status).toBe(200)
    expect(json.map((one: Loose) => one.model_version).sort()).toEqual(['1', '2'])
    expect(json.find((one: Loose) => one.model_version === '1')).toMatchObject({
      ...{ id: expect.any(String), model_id: expect.any(String), model_name: 'handbook-lm', status: 'active' },
      ...{ environment: 'development', endpoint: 'http://h', created_by: 'specs', created_at: expect.any(String) },
      deployed_at: later(1).toISOString(),
    })
    expect(json.find((one: Loose) => one.model_version === '2')).not.toHaveProperty('deployed_at')
  })

  it.each([
    ['?environment=development', 1],
    ['?environment=dev', 1],
    ['?environment=production', 0],
    ['?status=active', 1],
    ['?status=failed', 0],
    ['?model_name=handbook-lm&project=language', 1],
    ['?model_name=other', 0],
  ])('are filtered by %s', async (query, length) => {
    await put(release(1))
    expect((await api.ask('GET', `${base}/deployments${query}`)).json).toHaveLength(length)
  })

  it('tell one by one what became of them and what callers met', async () => {
    await put(release(1))
    const { id } = await onlyDeployment()
    const before = await api.ask('GET', `${base}/deployments/${id}`)
    expect(before.json).toMatchObject({
      ...{ health_status: 'healthy', request_count: 0, error_rate: 0, avg_latency_ms: 0, measured_at: null },
      logs: [`${later(1).toISOString()} active`],
    })
    await records.serving.measure(id, { requests: 10, errorRate: 0.1, averageLatencyMilliseconds: 4.5, at: later(9) })
    const after = await api.ask('GET', `${base}/deployments/${id}`)
    expect(after.json).toMatchObject({ request_count: 10, error_rate: 0.1, avg_latency_ms: 4.5 })
  })

  it('tell what their servers said last, each line with its pod and track, and nothing of the other track', async () => {
    const asked: unknown[] = []
    const pods = [
      { pod: 'handbook-b', track: 'stable', lines: ['started', 'x'.repeat(5000)], trouble: null },
      { pod: 'handbook-candidate-a', track: 'candidate', lines: ['tried'], trouble: null },
      { pod: 'handbook-a', track: 'stable', lines: [], trouble: 'the node is gone' },
    ] as const
    await put(release(1), release(2, { status: 'deploying', weight: 10 }))
    await reopen({ serverLogs: async (...words) => (asked.push(words), { source: 'cluster', pods }) })
    const { json } = await api.ask('GET', `${base}/deployments`)
    const logsOf = async (revision: number): Promise<readonly string[]> => {
      const { id } = json.find((one: Loose) => one.revision === revision)
      return (await api.ask('GET', `${base}/deployments/${id}`)).json.logs.slice(1)
    }
    expect(await logsOf(1)).toEqual([
      'handbook-b (stable): started',
      `handbook-b (stable): ${'x'.repeat(4000)}`,
      'handbook-a (stable): its log cannot be read: the node is gone',
    ])
    expect(await logsOf(2)).toEqual(['handbook-candidate-a (candidate): tried'])
    expect(asked[0]).toEqual([{ environment: 'dev', project: 'language', name: 'handbook' }, 100])
    await reopen({ serverLogs: async () => Promise.reject(new Error('the cluster is gone')) })
    expect(await logsOf(1)).toEqual([])
  })

  it('of an endpoint are asked of its cluster, so many lines of each pod', async () => {
    await put(release(1))
    const pod = { pod: 'handbook-b', track: 'stable', trouble: null } as const
    await reopen({
      serverLogs: async (_key, lines) => ({ source: 'cluster', pods: [{ ...pod, lines: [`${lines}`] }] }),
    })
    const path = '/v1/endpoints/dev/language/handbook/logs'
    expect(await api.ask('GET', `${path}?tail=7`)).toMatchObject({
      ...{ status: 200, json: { source: 'cluster', pods: [{ ...pod, lines: ['7'] }] } },
    })
    expect(await api.ask('GET', `${path}?tail=1001`)).toMatchObject({ status: 400 })
    expect(await api.ask('GET', path.replace('handbook', 'other'))).toMatchObject({
      ...{ status: 404, json: { error: { code: 'ENDPOINT_NOT_FOUND' } } },
    })
  })

  it.each([
    ['GET', 'deployments/x', undefined, 404, 'DEPLOYMENT_NOT_FOUND'],
    ['POST', 'deployments/x/rollback', {}, 404, 'DEPLOYMENT_NOT_FOUND'],
    ['PATCH', 'deployments/x/status', { status: 'active' }, 404, 'DEPLOYMENT_NOT_FOUND'],
    ['PATCH', 'deployments/x/status', { status: 'broken' }, 400, 'REQUEST_INVALID'],
    ['POST', 'deployments', { environment: 'development' }, 400, 'REQUEST_INVALID'],
    ['POST', 'deployments', { environment: 'dev', model_id: 'x' }, 404, 'MODEL_NOT_FOUND'],
    [
      'POST',
      'deployments',
      { environment: 'dev', model_id: 'x', deployment_spec: { gpus: 1 } },
      400,
      'REQUEST_INVALID',
    ],
    ['GET', 'experiments/x', undefined, 404, 'EXPERIMENT_NOT_FOUND'],
    ['GET', 'models/x/1', undefined, 404, 'MODEL_NOT_FOUND'],
    ['PATCH', 'models/x/1', { stage: 'staging' }, 404, 'MODEL_NOT_FOUND'],
    ['PATCH', 'models/x/1', { stage: 'best' }, 400, 'REQUEST_INVALID'],
  ] as const)('%s %s with %j is refused with %i %s', async (method, path, body, status, code) => {
    const answer = await api.ask(method, `${base}/${path}`, body === undefined ? {} : { body })
    expect(answer).toMatchObject({ status, json: { error: { code } } })
  })
})

describe('asking for a deployment', () => {
  const asked: DeployRequest[] = []
  const planned = (carryOut: () => Promise<{ commit: string | null; pullRequest: string | null }>): DeployPlan => ({
    ...{ kind: 'planned', endpoint, message: 'specs/serving.yaml is changed', carryOut },
  })
  const plans = (plan: DeployPlan) =>
    lifecycle({
      planDeploy: async (request) => {
        asked.push(request)
        return plan
      },
    })

  it('answers 201 with the commit, and is pending until its release is there', async () => {
    await put(release(1))
    await records.models.absorb('language', 'handbook-lm', null, [sampleVersion({ version: 2 })])
    const versions = (await api.ask('GET', `${base}/models`)).json
    await plans(planned(async () => ({ commit: 'c0ffee', pullRequest: null })))
    const body = {
      model_id: versions[1].id,
      environment: 'development',
      endpoint_config: { instances: 2, instance_type: 'T4', auto_scaling: true },
    }
    const answer = await api.ask('POST', `${base}/deployments`, { body })
    expect(answer).toMatchObject({
      status: 201,
      json: { status: 'pending', model_version: '2', commit: 'c0ffee', pull_request: null, created_by: 'api' },
    })
    expect(asked.at(-1)).toMatchObject({
      ...{ environments: ['dev', 'development'], instances: 2, instanceType: 'T4', autoScaling: true },
      ...{ deploymentSpec: null, version: { version: 2 } },
    })
    await put(release(2))
    const { json } = await api.ask('GET', `${base}/deployments/${answer.json.id}`)
    expect(json).toMatchObject({ status: 'active', revision: 2, commit: 'c0ffee' })
  })

  it('is found by whoever sees its release while it is still being made', async () => {
    await records.models.absorb('language', 'handbook-lm', null, [sampleVersion()])
    await plans(
      planned(async () => {
        await put(release(1))
        return { commit: 'c0ffee', pullRequest: null }
      }),
    )
    const body = { model_name: 'handbook-lm', environment: 'dev' }
    const { json } = await api.ask('POST', `${base}/deployments`, { body })
    expect(json).toMatchObject({ status: 'active', revision: 1, commit: 'c0ffee' })
    expect((await api.ask('GET', `${base}/deployments`)).json).toHaveLength(1)
  })

  it('answers with the pull request where one was made', async () => {
    await records.models.absorb('language', 'handbook-lm', null, [sampleVersion()])
    await plans(planned(async () => ({ commit: 'c0ffee', pullRequest: 'https://git.example.com/pull/7' })))
    const body = { model_name: 'handbook-lm', model_version: '1', environment: 'dev' }
    const { json } = await api.ask('POST', `${base}/deployments`, { body })
    expect(json).toMatchObject({ status: 'pending', pull_request: 'https://git.example.com/pull/7' })
  })

  it('that comes to nothing leaves a failed deployment, and says why', async () => {
    await records.models.absorb('language', 'handbook-lm', null, [sampleVersion()])
    await plans(planned(() => Promise.reject(new Error('the branch moved'))))
    const answer = await api.ask('POST', `${base}/deployments`, {
      body: { model_name: 'handbook-lm', environment: 'dev' },
    })
    expect(answer.status).toBe(500)
    expect(await onlyDeployment()).toMatchObject({ status: 'failed', message: 'the branch moved' })
  })

  it('of what is served just so answers 200 with that', async () => {
    await put(release(1))
    await plans({ kind: 'unchanged', endpoint: { ...endpoint, revision: 1 } })
    const answer = await api.ask('POST', `${base}/deployments`, {
      body: { model_name: 'handbook-lm', environment: 'dev' },
    })
    expect(answer).toMatchObject({ status: 200, json: { revision: 1, status: 'active' } })
  })

  it.each([
    [{ kind: 'refused', message: 'no endpoint serves it', hint: 'write one' }, 'NOT_DEPLOYABLE'],
    [{ kind: 'problems', problems: [] }, 'SPEC_INVALID'],
  ] as const)('that cannot be is refused: %j', async (plan, code) => {
    await put(release(1))
    await plans(plan)
    const answer = await api.ask('POST', `${base}/deployments`, {
      body: { model_name: 'handbook-lm', environment: 'dev' },
    })
    expect(answer).toMatchObject({ status: 422, json: { error: { code } } })
  })

  it('by a name that two projects have must say which', async () => {
    for (const project of ['language', 'vision']) await records.models.absorb(project, 'lm', null, [sampleVersion()])
    const body = { model_name: 'lm', environment: 'dev' }
    expect(await api.ask('POST', `${base}/deployments`, { body })).toMatchObject({
      json: { error: { code: 'NAME_AMBIGUOUS' } },
    })
    const named = await api.ask('POST', `${base}/deployments`, { body: { ...body, project: 'vision' } })
    expect(named).toMatchObject({ json: { error: { code: 'NOT_DEPLOYABLE' } } })
  })
})

describe('changing a deployment', () => {
  const operations: Operation[] = []
  const plan = sampleEndpointPlan(endpoint)
  const released = (revision: number) => ({
    ...{ revision, plan },
    pin: { model: 'handbook-lm', version: revision, digest: release(revision).modelDigest, uri: 'file:///m' },
  })
  const entry: EndpointLedger = {
    ...{ format: 1, environment: 'dev', project: 'language', name: 'handbook', ...released(1), past: [] },
    rollout: { candidate: released(2), weight: 25, paused: false },
  }
  const expected = { revision: 1, candidate: 2, weight: 25 }
  const key = { environment: 'dev', project: 'language', name: 'handbook' }
  const withLedger = (ledger: EndpointLedger, why?: string) =>
    reopen({
      endpoints: async () => [{ entry: ledger, seen: null }],
      operate: async (given) => {
        operations.push(...given)
        return given.map((operation) =>
          why === undefined ? { operation, applied: true, commit: 'c0ffee' } : { operation, applied: false, why },
        )
      },
    })
  beforeEach(async () => {
    operations.length = 0
    await withLedger(entry)
    await put(release(1, { weight: 75 }), release(2, { status: 'deploying', weight: 25 }))
  })
  const idOf = async (revision: number): Promise<string> => {
    const { json } = await api.ask('GET', `${base}/deployments`)
    return json.find((one: Loose) => one.revision === revision).id
  }

  it('rollback of what serves is one operation that expects what was seen, and answers with its commit', async () => {
    const id = await idOf(1)
    const answer = await api.ask('POST', `${base}/deployments/${id}/rollback`, { body: {} })
    expect(answer).toMatchObject({ status: 200, json: { id, commit: 'c0ffee', pull_request: null } })
    expect(operations).toEqual([{ kind: 'rollback', key, expect: expected }])
  })

  it('rollback of a candidate takes it away', async () => {
    await api.ask('POST', `${base}/deployments/${await idOf(2)}/rollback`)
    expect(operations).toEqual([{ kind: 'rollout', key, step: 'abort', weight: null, expect: expected }])
  })

  it('rollback of one that is followed by another is refused', async () => {
    await withLedger({ ...entry, ...released(3), rollout: undefined } as unknown as EndpointLedger)
    const answer = await api.ask('POST', `${base}/deployments/${await idOf(1)}/rollback`)
    expect(answer).toMatchObject({ status: 409, json: { error: { code: 'DEPLOYMENT_OVER' } } })
  })

  it('rollback that is dropped says why', async () => {
    await withLedger(entry, 'no earlier release served well')
    const answer = await api.ask('POST', `${base}/deployments/${await idOf(1)}/rollback`)
    expect(answer).toMatchObject({ status: 409, json: { error: { code: 'OPERATION_DROPPED' } } })
    expect(answer.json.error.message).toContain('no earlier release served well')
  })

  const wanted: readonly (readonly [wanted: DeploymentStatus, of: 'stable' | 'candidate', came: string])[] = [
    ['rollback', 'stable', 'rollback'],
    ['rollback', 'candidate', 'abort'],
    ['failed', 'candidate', 'abort'],
    ['active', 'candidate', 'promote'],
    ['active', 'stable', 'nothing'],
    ['failed', 'stable', 'STATUS_OBSERVED'],
    ['pending', 'stable', 'STATUS_OBSERVED'],
    ['validating', 'candidate', 'STATUS_OBSERVED'],
    ['deploying', 'stable', 'STATUS_OBSERVED'],
  ]
  it.each(wanted)('to %s of the %s release comes to %s', async (status, of, came) => {
    const id = await idOf(of === 'stable' ? 1 : 2)
    const answer = await api.ask('PATCH', `${base}/deployments/${id}/status`, { body: { status } })
    if (came === 'STATUS_OBSERVED') expect(answer).toMatchObject({ status: 409, json: { error: { code: came } } })
    else expect(answer.status).toBe(200)
    const done = operations.map((one) => (one.kind === 'rollout' ? one.step : one.kind))
    expect(done).toEqual(['nothing', 'STATUS_OBSERVED'].includes(came) ? [] : [came])
  })
})

describe('experiments', () => {
  it('are runs, with their log, artifacts and duration', async () => {
    const context = { pool: database.pool, records }
    const run = await addRun(context, { state: 'RUNNING', startedAt: later(10) })
    await records.callbacks.store([
      done(run.id, {
        artifacts: [{ name: 'model', uri: 'file:///m', digest: `sha256:${'a'.repeat(64)}`, sizeBytes: 12 }],
      }),
    ])
    await changeRun(context, run.id, { state: 'SUCCEEDED', completedAt: later(70), finalMetrics: { loss: 0.5 } })
    await reopen({ logs: async () => ({ attempt: 1, source: 'cluster', lines: ['epoch 1'] }) })
    const listed = await api.ask('GET', `${base}/experiments?owner=language&environment=development`)
    expect(listed.json).toMatchObject([
      { id: run.id, name: 'handbook-lm', status: 'completed', metrics: { loss: 0.5 } },
    ])
    for (const name of ['handbook-lm', run.id]) {
      const { json } = await api.ask('GET', `${base}/experiments/${name}`)
      expect(json).toMatchObject({
        ...{ id: run.id, completed_at: later(70).toISOString(), duration_seconds: 60, logs: ['epoch 1'] },
        artifacts: [{ name: 'model', path: 'file:///m', size_bytes: 12 }],
        hyperparameters: { epochs: 30 },
      })
    }
  })

  it('that go on have neither an end nor a duration', async () => {
    await addRun({ pool: database.pool, records }, { state: 'RUNNING', startedAt: later(1) })
    const { json } = await api.ask('GET', `${base}/experiments/handbook-lm?environment=dev`)
    expect(json).not.toHaveProperty('completed_at')
    expect(json).not.toHaveProperty('duration_seconds')
    expect(json).toMatchObject({ status: 'running', artifacts: [] })
  })
})

describe('models', () => {
  it('have the fields of the source document, and how often they were deployed', async () => {
    await put(release(1))
    const { json } = await api.ask('GET', `${base}/models/handbook-lm/1`)
    expect(json).toMatchObject({
      ...{ model_name: 'handbook-lm', version: '1', stage: 'experimental', framework: 'custom', size_mb: 5000 },
      ...{ hyperparameters: { epochs: 30 }, artifact_path: 'file:///models/handbook-lm/1', deployment_count: 1 },
    })
    expect((await api.ask('GET', `${base}/models?stage=production`)).json).toEqual([])
    expect((await api.ask('GET', `${base}/models?stage=experimental`)).json).toHaveLength(1)
  })

  it('move to another stage by a commit, and expect the one that they were in', async () => {
    await put(release(1))
    const operations: Operation[] = []
    await reopen({
      operate: async (given) => {
        operations.push(...given)
        return given.map((operation) => ({ operation, applied: true as const, commit: 'c0ffee' }))
      },
    })
    const answer = await api.ask('PATCH', `${base}/models/handbook-lm/1`, { body: { stage: 'staging' } })
    expect(answer).toMatchObject({ status: 200, json: { stage: 'staging', commit: 'c0ffee' } })
    expect(operations).toEqual([
      {
        ...{ kind: 'stage', project: 'language', model: 'handbook-lm', version: 1 },
        ...{ expect: 'experimental', stage: 'staging' },
      },
    ])
    const same = await api.ask('PATCH', `${base}/models/handbook-lm/1`, { body: { stage: 'experimental' } })
    expect(same).toMatchObject({ status: 200, json: { commit: null } })
    expect(operations).toHaveLength(1)
  })
})

it('the OpenAPI document has every path of the source document', async () => {
  const { json } = await api.ask('GET', '/openapi.json')
  const paths = Object.entries(json.paths as Record<string, object>).flatMap(([path, verbs]) =>
    path.startsWith(base) ? Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path.slice(base.length)}`) : [],
  )
  expect(paths.sort()).toEqual([
    'GET /deployments',
    'GET /deployments/{id}',
    'GET /experiments',
    'GET /experiments/{name}',
    'GET /models',
    'GET /models/{model_name}/{version}',
    'PATCH /deployments/{id}/status',
    'PATCH /models/{model_name}/{version}',
    'POST /deployments',
    'POST /deployments/{id}/rollback',
  ])
})
