import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listen } from '../../api/listen.ts'
import type { ApiPorts } from '../../api/ports.ts'
import type { Run } from '../../domain/run.ts'
import { openRecords } from '../../records/open.ts'
import type { Records } from '../../records/records.ts'
import { openTestApi, type TestApi, testHost } from '../support/api.ts'
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  addRun,
  sampleAttempt,
  sampleDate,
  sampleEndpoint,
  samplePublication,
  sampleVersion,
} from '../support/records.ts'

let database: TestDatabase
let records: Records
let api: TestApi
let run: Run

beforeAll(async () => {
  database = await openTestDatabase()
  records = openRecords(database.pool)
})
afterAll(() => database.close())
beforeEach(async () => {
  await emptyTables(database.pool)
  api = await openTestApi(records)
  run = await add({ state: 'RUNNING' })
  return () => api.app.close()
})

const add = (changes: Partial<Run>) => addRun({ pool: database.pool, records }, changes)
const reopen = async (ports: Partial<ApiPorts>) => {
  await api.app.close()
  api = await openTestApi(records, ports)
}

/** A body of so many bytes. */
const bodyOf = (bytes: number): string => JSON.stringify({ text: 'a'.repeat(bytes - '{"text":""}'.length) })

describe('a request', () => {
  it.each([
    ['of a foreign host', '/v1/jobs', { host: 'evil.example' }, 403, 'HOST_FOREIGN'],
    ['of our name on another port', '/v1/jobs', { host: 'localhost:1' }, 403, 'HOST_FOREIGN'],
    ['of a page of another site', '/v1/jobs', { origin: 'https://evil.example' }, 403, 'ORIGIN_FOREIGN'],
    ['of a page without a site', '/v1/jobs', { origin: 'null' }, 403, 'ORIGIN_FOREIGN'],
    ['of a foreign host for the documents', '/openapi.json', { host: 'evil.example' }, 403, 'HOST_FOREIGN'],
    ['for what is not there', '/v1/secrets', {}, 404, 'ROUTE_UNKNOWN'],
    ['for a path that is no text', '/v1/jobs/%zz', {}, 400, 'REQUEST_INVALID'],
    ['with a filter that there is not', '/v1/jobs?nmae=x', {}, 400, 'REQUEST_INVALID'],
    ['for too large a page', '/v1/jobs?limit=501', {}, 400, 'REQUEST_INVALID'],
    ['for a run that is not there', '/v1/jobs/no-such-run', {}, 404, 'RUN_NOT_FOUND'],
  ])('%s is refused with a code', async (_what, url, headers, status, code) => {
    const answer = await api.ask('GET', url, { headers })
    expect(answer).toMatchObject({ status, json: { error: { code, message: expect.any(String) } } })
  })

  it.each([
    ['our own page', { origin: `http://${testHost}` }],
    ['our other name in capitals', { host: 'LOCALHOST:8600' }],
  ])('of %s is answered', async (_what, headers) => {
    expect(await api.ask('GET', '/v1/jobs', { headers })).toMatchObject({ status: 200 })
  })

  it('of a probe is answered under any name', async () => {
    for (const url of ['/healthz', '/readyz'])
      expect(await api.ask('GET', url, { headers: { host: '10.0.0.7:8600' } })).toMatchObject({ status: 200 })
  })

  it.each([
    ['is not JSON', '{"step":', {}, 400, 'REQUEST_INVALID'],
    ['is a form', 'step=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'BODY_NOT_JSON'],
    ['has 1 MiB and says nothing we know', bodyOf(1024 * 1024), {}, 422, 'SPEC_INVALID'],
    ['has one byte more than 1 MiB', bodyOf(1024 * 1024 + 1), {}, 413, 'BODY_TOO_LARGE'],
    ['reaches for the prototype', '{"__proto__":{"admin":true}}', {}, 400, 'REQUEST_INVALID'],
    ['is nested too deep', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, {}, 400, 'REQUEST_INVALID'],
    ['is a list', '[]', {}, 400, 'REQUEST_INVALID'],
  ])('whose body %s is refused', async (_what, body, headers, status, code) => {
    expect(await api.ask('POST', '/v1/jobs', { body, headers })).toMatchObject({ status, json: { error: { code } } })
  })

  it('with any body is never our fault', async () => {
    const { token } = await api.tokens.mint({ runId: run.id, attempt: 1 })
    const near = fc.record(
      {
        ...{
          pod_uid: fc.oneof(fc.string({ unit: 'binary' }), fc.anything()),
          sequence: fc.oneof(fc.double(), fc.nat()),
        },
        ...{ step: fc.oneof(fc.double(), fc.maxSafeNat()), loss: fc.double(), epoch: fc.double() },
        ...{ type: fc.constantFrom('log', 'checkpoint', 'x'), outcome: fc.constantFrom('SUCCEEDED', 'FAILED') },
        ...{
          message: fc.string({ unit: 'binary' }),
          metrics: fc.dictionary(fc.string(), fc.oneof(fc.double(), fc.string())),
        },
      },
      { requiredKeys: [] },
    )
    const kinds = fc.constantFrom('heartbeat', 'event', 'done', 'token', 'cancel', 'retry')
    await fc.assert(
      fc.asyncProperty(kinds, fc.oneof(near, fc.jsonValue(), fc.string()), async (kind, body) => {
        const answer = await api.ask('POST', `/v1/jobs/${run.id}/${kind}`, { body: body ?? null, token })
        expect(answer.status, answer.text).toBeLessThan(500)
      }),
      { numRuns: 300 },
    )
    expect(api.logged).toEqual([])
  })

  it('that finds a fault of ours learns nothing but that', async () => {
    await reopen({ logs: () => Promise.reject(new TypeError('secret of /etc/passwd')) })
    const answer = await api.ask('GET', `/v1/jobs/${run.id}/logs`)
    expect(answer).toMatchObject({ status: 500, json: { error: { code: 'INTERNAL' } } })
    expect(answer.text).not.toMatch(/secret|passwd|\.ts/)
    expect(api.logged.join()).toContain('secret of /etc/passwd')
  })
})

describe('the OpenAPI document', () => {
  it('has every route, with the bodies that are checked', async () => {
    const { json } = await api.ask('GET', '/openapi.json')
    expect(json.openapi).toBe('3.1.0')
    const routes = Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    const one = '/v1/jobs/{id}'
    const endpoint = '/v1/endpoints/{environment}/{project}/{name}'
    const lifecycle = '/api/v1/ml/lifecycle'
    expect(routes.sort()).toEqual(
      [
        ...['get /healthz', 'get /readyz', 'get /v1/version', 'get /v1/endpoints', 'get /v1/models', 'get /v1/stream'],
        ...['get /v1/proposals', 'get /v1/rollouts', `get ${endpoint}/rollout`, `get ${endpoint}/logs`],
        ...['promote', 'rollback', 'rollout'].map((what) => `post ${endpoint}/${what}`),
        ...['attach', 'deploy', 'register'].map((what) => `post /v1/models/${what}`),
        ...['deployments', 'experiments', 'models'].map((what) => `get ${lifecycle}/${what}`),
        ...['get', 'patch'].map((method) => `${method} ${lifecycle}/models/{model_name}/{version}`),
        ...[
          `get ${lifecycle}/experiments/{name}`,
          `post ${lifecycle}/deployments`,
          `get ${lifecycle}/deployments/{id}`,
        ],
        ...[`patch ${lifecycle}/deployments/{id}/status`, `post ${lifecycle}/deployments/{id}/rollback`],
        ...['get /v1/publications', 'get /v1/trace', 'get /v1/jobs', 'post /v1/jobs', `get ${one}`],
        ...['events', 'logs', 'metrics'].map((what) => `get ${one}/${what}`),
        ...['cancel', 'done', 'event', 'heartbeat', 'retry', 'token', 'trainer-status'].map(
          (what) => `post ${one}/${what}`,
        ),
      ].sort(),
    )
    const { schema } = json.paths[`${one}/heartbeat`].post.requestBody.content['application/json']
    expect(schema).toMatchObject({ additionalProperties: false, required: ['pod_uid', 'sequence', 'step'] })
    expect(await api.ask('GET', '/docs/')).toMatchObject({ status: 200 })
  })
})

describe('runs', () => {
  it('are listed newest first, in pages, by state', async () => {
    const second = await add({ createdAt: new Date(sampleDate.getTime() + 1000), state: 'FAILED', name: 'other' })
    const first = await api.ask('GET', '/v1/jobs?limit=1')
    expect(first.json).toMatchObject({ items: [{ id: second.id, state: 'FAILED' }], next: second.id })
    expect((await api.ask('GET', `/v1/jobs?limit=1&after=${second.id}`)).json).toMatchObject({
      items: [{ id: run.id }],
    })
    const states = await api.ask('GET', '/v1/jobs?state=RUNNING&state=QUEUED')
    expect(states.json).toMatchObject({ items: [{ id: run.id }], next: null })
  })

  it('are shown whole, with history, events and metrics', async () => {
    const { token } = await api.tokens.mint({ runId: run.id, attempt: 1 })
    await api.ask('POST', `/v1/jobs/${run.id}/heartbeat`, {
      token,
      body: { pod_uid: 'p', sequence: 1, step: 3, loss: 2 },
    })
    const whole = await api.ask('GET', `/v1/jobs/${run.id}`)
    expect(whole.json).toMatchObject({
      id: run.id,
      progress: { step: 3 },
      attempts: [{ attempt: 1, evidence: null }],
    })
    expect(whole.json.history.length).toBeGreaterThan(0)
    const events = await api.ask('GET', `/v1/jobs/${run.id}/events?limit=1`)
    expect(events.json).toMatchObject({ items: [{ reason: 'Committed' }], next: expect.any(Number) })
    const metrics = await api.ask('GET', `/v1/jobs/${run.id}/metrics`)
    expect(metrics.json).toMatchObject({ items: [{ step: 3, loss: 2 }], next: null })
  })

  it('are cancelled while they go on, and not when the operation is dropped or they have ended', async () => {
    const asked: unknown[] = []
    await reopen({
      operate: async (operations) => {
        asked.push(...operations)
        const [operation] = operations
        if (operation === undefined) return []
        return asked.length === 1 ? [{ operation, applied: true }] : [{ operation, applied: false, why: 'it is gone' }]
      },
    })
    const cancel = () => api.ask('POST', `/v1/jobs/${run.id}/cancel`)
    expect(await cancel()).toMatchObject({ status: 202 })
    const key = { environment: 'dev', project: 'language', name: 'handbook-lm' }
    expect(asked).toEqual([{ kind: 'cancel', key, runId: run.id, reason: 'REQUESTED' }])
    expect(api.changed).toEqual([run.id])
    expect(await cancel()).toMatchObject({ status: 409, json: { error: { code: 'OPERATION_DROPPED' } } })
    run = await add({ state: 'SUCCEEDED', name: 'ended' })
    expect(await cancel()).toMatchObject({ status: 409, json: { error: { code: 'RUN_FINISHED' } } })
    expect(asked).toHaveLength(2)
  })

  it.each([
    ['waits for its next attempt, stops waiting', { nextAttemptAt: sampleDate }, 202, 'skipped'],
    ['has ended, is raised', { state: 'FAILED' } as const, 202, 'raised'],
    ['goes on, is left alone', {}, 409, 'nothing'],
  ])('that is tried again and %s', async (_what, changes, status, expected) => {
    let done = 'nothing'
    await reopen({
      skipBackoff: async () => {
        done = 'skipped'
      },
      raiseRerun: async ({ id, specPath }) => {
        done = 'raised'
        return { path: specPath, commit: 'abc', pullRequest: null, runId: id }
      },
    })
    const one = await add({ name: 'again', attempts: [sampleAttempt()], ...changes })
    expect(await api.ask('POST', `/v1/jobs/${one.id}/retry`)).toMatchObject({ status })
    expect(done).toBe(expected)
  })

  it('are handed in as specs: written, known already, proposed, or with their problems', async () => {
    const commit = 'abc'
    const where = { file: 'specs/submitted/x.yaml', line: 3, column: 1 }
    const results: Awaited<ReturnType<ApiPorts['submitJob']>>[] = [
      { kind: 'written', runId: run.id, path: where.file, commit, pullRequest: null },
      { kind: 'exists', runId: run.id, path: where.file, commit: null, pullRequest: null },
      { kind: 'proposed', runId: run.id, path: where.file, commit, pullRequest: 'https://git.example.com/pull/7' },
      {
        kind: 'problems',
        problems: [{ code: 'KEY_MISSING', severity: 'error', message: 'spec.image is missing', where }],
      },
    ]
    await reopen({ submitJob: async () => results.shift() ?? { kind: 'problems', problems: [] } })
    const hand = () => api.ask('POST', '/v1/jobs', { body: { kind: 'TrainingJob' } })
    expect(await hand()).toMatchObject({
      status: 201,
      json: { id: run.id, commit },
      headers: { location: `/v1/jobs/${run.id}` },
    })
    expect(await hand()).toMatchObject({ status: 200, json: { id: run.id, commit: null } })
    expect(await hand()).toMatchObject({ status: 202, json: { pull_request: 'https://git.example.com/pull/7' } })
    expect(await hand()).toMatchObject({ status: 422, json: { error: { problems: [{ code: 'KEY_MISSING', where }] } } })
  })
})

describe('a trace', () => {
  it('leads from any link of the chain to all of it', async () => {
    const version = sampleVersion({ run: { id: run.id, attempt: 1, environment: 'dev' } })
    await records.models.absorb('language', 'handbook-lm', null, [version])
    const endpoint = sampleEndpoint()
    await records.endpoints.put(endpoint, null)
    const by = { commit: 'b'.repeat(40), who: 'Ada <ada@example.com>', source: 'author' } as const
    const { commit, ...published } = samplePublication({
      subjects: ['dev/language/handbook-lm'],
      sourceCommit: run.sourceCommit,
      merge: { branch: 'main', proposedAt: new Date('2026-02-28T12:00:00Z'), by },
    })
    await records.publications.absorb([{ commit, ...published }, samplePublication({ subjects: ['dev/other/other'] })])
    const links = [run.id, run.traceId, 'handbook-lm@1', 'dev/language/handbook', commit, commit.slice(0, 12)]
    for (const q of links) {
      const { json } = await api.ask('GET', `/v1/trace?q=${encodeURIComponent(q)}`)
      expect(json, q).toMatchObject({
        runs: [{ id: run.id }],
        model_versions: [{ model: 'handbook-lm', version: 1, run: { id: run.id } }],
        endpoints: [{ name: 'handbook', model_version: 1 }],
        publications: [
          { commit, merge: { branch: 'main', proposed_at: '2026-02-28T12:00:00.000Z', by }, merged_pull: null },
        ],
      })
    }
    expect((await api.ask('GET', '/v1/trace?q=nothing-of-this-name')).json).toMatchObject({ hits: [], runs: [] })
    expect((await api.ask('GET', '/v1/endpoints?project=language')).json.items).toHaveLength(1)
    expect((await api.ask('GET', '/v1/models?model=handbook-lm')).json.items).toHaveLength(1)
    expect((await api.ask('GET', '/v1/publications?limit=1')).json.items).toHaveLength(1)
  })
})

describe('a port', () => {
  it('is held before there is an API, answers with it from then on, and streams until it is closed', async () => {
    const held = await listen(0)
    const early = await fetch(`${held.url}/healthz`)
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1'])
    await early.body?.cancel()
    await expect(listen(Number(new URL(held.url).port))).rejects.toMatchObject({
      ...{ code: 'PORT_BUSY', hint: expect.stringContaining('--port') },
    })
    await reopen({ allowedHosts: held.hosts })
    await held.serve(api.app)
    expect(await (await fetch(`${held.url}/healthz`)).json()).toEqual({ status: 'ok' })

    const stream = await fetch(`${held.url}/v1/stream?job_id=${run.id}`)
    expect(stream.headers.get('content-type')).toContain('text/event-stream')
    const texts: string[] = []
    const read = (async () => {
      for await (const chunk of stream.body ?? []) texts.push(new TextDecoder().decode(chunk as Uint8Array))
    })()
    await api.live.publish('another-run', { type: 'status', data: {} })
    await api.live.publish(run.id, { type: 'status', data: { status: 'RUNNING' } })
    const expected = `event: status\ndata: {"job_id":"${run.id}","type":"status","data":{"status":"RUNNING"}}\n\n`
    await expect.poll(() => texts.join('')).toBe(`retry: 2000\n\n${expected}`)
    await held.close()
    await read
    await expect(fetch(`${held.url}/healthz`)).rejects.toThrow()
  })
})
