import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Fault } from '../../domain/fault.ts'
import type { Run } from '../../domain/run.ts'
import { openRecords } from '../../records/open.ts'
import type { Records } from '../../records/records.ts'
import { openTestApi, type TestApi } from '../support/api.ts'
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts'
import { addRun, changeRun, readRun, sampleAttempt, sampleDate } from '../support/records.ts'

let database: TestDatabase
let records: Records
let api: TestApi
let run: Run
let token: string

beforeAll(async () => {
  database = await openTestDatabase()
  records = openRecords(database.pool)
})
afterAll(() => database.close())
beforeEach(async () => {
  await emptyTables(database.pool)
  api = await openTestApi(records)
  run = await addRun({ pool: database.pool, records }, { state: 'RUNNING' })
  token = (await api.tokens.mint({ runId: run.id, attempt: 1 })).token
  return () => api.app.close()
})

const say = (kind: string, body: object, by = token) =>
  api.ask('POST', `/v1/jobs/${run.id}/${kind}`, { body: { pod_uid: 'pod-1', sequence: 1, ...body }, token: by })
const change = (changes: Partial<Run>) => changeRun({ pool: database.pool, records }, run.id, changes)
const endedAttempt = sampleAttempt({ state: 'FAILED', endedAt: sampleDate })

describe('a heartbeat', () => {
  it('is recorded when it is answered, and seen in the live state', async () => {
    const heard: object[] = []
    await api.live.subscribe((_id, message) => heard.push(message))
    const said = {
      step: 40,
      epoch: 3,
      total_epochs: 12,
      loss: 1.5,
      val_loss: 2,
      metrics: { perplexity: 4.5, lr: null },
    }
    expect(await say('heartbeat', said)).toMatchObject({ status: 200, json: { accepted: true } })
    expect((await readRun(records, run.id)).progress).toMatchObject({ step: 40, epoch: 3, percentage: 25 })
    expect(await records.runs.metrics(run.id, 0, 10)).toMatchObject([
      { step: 40, trainLoss: 1.5, validationLoss: 2, extra: { perplexity: 4.5 } },
    ])
    await expect.poll(() => heard.length).toBe(1)
    expect(heard).toMatchObject([{ type: 'training_progress', data: { step: 40, progress: 25 } }])
    expect(await api.live.status(run.id)).toMatchObject({ status: 'RUNNING', step: 40, progress: 25 })
    expect(await api.live.metrics(run.id)).toEqual({ loss: 1.5, val_loss: 2, perplexity: 4.5 })
  })

  it('that comes twice counts once and gets the same answer', async () => {
    const [first, second] = [await say('heartbeat', { step: 5 }), await say('heartbeat', { step: 5 })]
    expect([second.status, second.text]).toEqual([first.status, first.text])
    expect(await records.runs.metrics(run.id, 0, 10)).toHaveLength(1)
  })

  it('with the number of another is a conflict, and the first one stands', async () => {
    await say('heartbeat', { step: 5 })
    expect(await say('heartbeat', { step: 6 })).toMatchObject({
      status: 409,
      json: { error: { code: 'CALLBACK_CONFLICT' } },
    })
    expect((await readRun(records, run.id)).progress?.step).toBe(5)
  })

  it('that is older than the newest is taken and does not turn progress back', async () => {
    await say('heartbeat', { step: 9, sequence: 2 })
    expect(await say('heartbeat', { step: 5, sequence: 1 })).toMatchObject({ status: 200, json: { accepted: true } })
    expect((await readRun(records, run.id)).progress?.step).toBe(9)
  })

  it('of a thousand at once is lost for none', async () => {
    const sequences = Array.from({ length: 1000 }, (_, index) => index + 1)
    const answers = await Promise.all(sequences.map((sequence) => say('heartbeat', { sequence, step: sequence })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await records.runs.metrics(run.id, 0, 5000)).toHaveLength(1000)
    expect((await readRun(records, run.id)).progress?.step).toBe(1000)
  })

  it('of an attempt that is over is refused within a second, one of the new attempt at once', async () => {
    await say('heartbeat', { step: 5 })
    await change({ attempt: 2, attempts: [endedAttempt, sampleAttempt({ attempt: 2 })] })
    const next = (await api.tokens.mint({ runId: run.id, attempt: 2 })).token
    expect(await say('heartbeat', { step: 5 }, next)).toMatchObject({ status: 200 })
    expect(await say('heartbeat', { step: 6, sequence: 2 })).toMatchObject({
      ...{ status: 403, json: { error: { code: 'TOKEN_SUPERSEDED' } } },
    })
  })

  it('of a run that has ended is refused and does not bring its live state back', async () => {
    await change({ state: 'CANCELLED', attempts: [endedAttempt] })
    expect(await say('heartbeat', { step: 5 })).toMatchObject({
      status: 403,
      json: { error: { code: 'TOKEN_SUPERSEDED' } },
    })
    expect(await api.live.status(run.id)).toBeUndefined()
  })

  it('does not write over an end that the reconciler wrote a moment ago', async () => {
    await say('heartbeat', { step: 5 })
    await expect.poll(async () => (await api.live.status(run.id))?.step).toBe(5)
    const ended = { status: 'SUCCEEDED', reason: 'Done', attempt: 1, progress: 100, step: 9, metrics: {} } as const
    await api.live.setStatus(run.id, { ...ended, currentEpoch: null, totalEpochs: null })
    await say('heartbeat', { step: 6, sequence: 2 })
    await expect.poll(async () => (await api.live.metrics(run.id)) !== undefined).toBe(true)
    await api.app.close()
    expect(await api.live.status(run.id)).toMatchObject({ status: 'SUCCEEDED', step: 9 })
  })

  it('gets a fresh token in the last third of the life of its own', async () => {
    api.advance(4 * 3600 - 10)
    expect((await say('heartbeat', { step: 1 })).json).toEqual({ accepted: true })
    api.advance(20)
    const { json } = await say('heartbeat', { step: 2, sequence: 2 })
    expect(await api.tokens.verify(json.token)).toMatchObject({ ok: true, runId: run.id, attempt: 1 })
    api.advance(3 * 3600)
    expect(await say('heartbeat', { step: 3, sequence: 3 })).toMatchObject({ status: 401 })
    expect(await say('heartbeat', { step: 3, sequence: 3 }, json.token)).toMatchObject({ status: 200 })
  })
})

describe('an event', () => {
  it('is recorded and the reconciler is told', async () => {
    const uri = 's3://checkpoints/1'
    expect(await say('event', { type: 'checkpoint', step: 7, uri })).toMatchObject({ status: 200 })
    expect(await records.callbacks.said(run.id)).toMatchObject([{ attempt: 1, checkpointUri: uri }])
    expect(api.changed).toEqual([run.id])
  })
})

describe('the end', () => {
  const artifact = { name: 'model', uri: 's3://models/1', size_bytes: 5, digest: `sha256:${'a'.repeat(64)}` }

  it('is recorded with its metrics and artifacts', async () => {
    const done = { outcome: 'SUCCEEDED', mlflow_run_id: 'm1', metrics: { perplexity: 4 }, artifacts: [artifact] }
    expect(await say('done', done)).toMatchObject({ status: 200 })
    expect((await records.callbacks.said(run.id))[0]?.done).toMatchObject({
      ...{ outcome: 'SUCCEEDED', trackerRunId: 'm1', metrics: { perplexity: 4 } },
      artifacts: [{ name: 'model', sizeBytes: 5 }],
    })
    expect(api.changed).toEqual([run.id])
  })

  it('that comes late is taken until the attempt is retired', async () => {
    await change({ state: 'FAILED', attempts: [endedAttempt] })
    expect(await say('done', { outcome: 'SUCCEEDED' })).toMatchObject({ status: 200 })
    await change({ attempts: [{ ...endedAttempt, retiredAt: sampleDate }] })
    api.advance(2)
    expect(await say('done', { outcome: 'FAILED', sequence: 2 })).toMatchObject({
      ...{ status: 403, json: { error: { code: 'TOKEN_SUPERSEDED' } } },
    })
  })

  it('is answered although nobody hears of it', async () => {
    await api.app.close()
    const fail = () => Promise.reject(new Error('redis is away'))
    api = await openTestApi(records, {
      live: { ...api.live, setStatus: fail, setMetrics: fail, publish: fail },
      changed: () => {
        throw new Error('no reconciler')
      },
    })
    expect(await say('done', { outcome: 'SUCCEEDED' })).toMatchObject({ status: 200 })
    expect(await say('heartbeat', { step: 1 })).toMatchObject({ status: 200 })
    expect((await records.callbacks.said(run.id))[0]?.done).toMatchObject({ outcome: 'SUCCEEDED' })
  })
})

describe('a callback', () => {
  it.each([
    ['no token', () => undefined, 401, 'TOKEN_MISSING'],
    ['a text for a token', () => 'letmein', 401, 'TOKEN_MALFORMED'],
    ['a token that is changed', () => `${token.slice(0, -4)}AAAA`, 401, 'TOKEN_SIGNATURE'],
  ])('with %s is refused before anything is looked up', async (_what, given, status, code) => {
    const by = given()
    const body = { pod_uid: 'pod-1', sequence: 1, step: 1 }
    for (const id of [run.id, 'no-such-run'])
      expect(
        await api.ask('POST', `/v1/jobs/${id}/heartbeat`, { body, ...(by === undefined ? {} : { token: by }) }),
      ).toMatchObject({ status, json: { error: { code } } })
    expect(await records.runs.metrics(run.id, 0, 10)).toEqual([])
  })

  it('with the token of another run or attempt is refused', async () => {
    const other = (await api.tokens.mint({ runId: '5b7562c8-c4fa-408e-bf04-e54f27381970', attempt: 1 })).token
    expect(await say('done', { outcome: 'FAILED' }, other)).toMatchObject({
      json: { error: { code: 'TOKEN_OTHER_RUN' } },
    })
    expect(await say('done', { outcome: 'FAILED', attempt: 2 })).toMatchObject({ status: 403 })
    expect(await records.callbacks.said(run.id)).toEqual([])
  })

  it('of a run that is not recorded is not found', async () => {
    await emptyTables(database.pool)
    expect(await say('done', { outcome: 'FAILED' })).toMatchObject({
      status: 404,
      json: { error: { code: 'RUN_NOT_FOUND' } },
    })
  })

  it('that cannot be stored is to be sent again, and nothing of the database is told', async () => {
    await api.app.close()
    const store = () =>
      Promise.reject(new Fault('DATABASE_UNREACHABLE', 'the database does not answer', { retry: 'soon' }))
    api = await openTestApi({ ...records, callbacks: { ...records.callbacks, store } })
    const answer = await say('done', { outcome: 'FAILED' })
    expect(answer).toMatchObject({ status: 503, json: { error: { code: 'DATABASE_UNREACHABLE' } } })
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(answer.text).not.toMatch(/\.ts|node_modules/)
  })
})

describe('an expired token', () => {
  const exchange = (by = token) => api.ask('POST', `/v1/jobs/${run.id}/token`, { body: {}, token: by })

  it('of a live attempt is exchanged for one that is good', async () => {
    api.advance(9 * 3600)
    expect(await say('heartbeat', { step: 1 })).toMatchObject({
      status: 401,
      json: { error: { code: 'TOKEN_EXPIRED' } },
    })
    const { status, json } = await exchange()
    expect(status).toBe(200)
    expect(await say('heartbeat', { step: 1 }, json.token)).toMatchObject({ status: 200 })
  })

  it('that is not ours is not exchanged', async () => {
    api.advance(9 * 3600)
    expect(await exchange(`${token.slice(0, -4)}AAAA`)).toMatchObject({ status: 401 })
  })

  it('of an attempt that is over or of a run that has ended is not exchanged', async () => {
    await change({ attempt: 2, attempts: [endedAttempt, sampleAttempt({ attempt: 2 })] })
    expect(await exchange()).toMatchObject({ status: 403, json: { error: { code: 'TOKEN_SUPERSEDED' } } })
    const second = (await api.tokens.mint({ runId: run.id, attempt: 2 })).token
    expect(await exchange(second)).toMatchObject({ status: 200 })
    await change({ state: 'SUCCEEDED' })
    expect(await exchange(second)).toMatchObject({ status: 403 })
  })
})
