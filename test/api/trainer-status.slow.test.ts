import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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

interface Told {
  readonly percentage?: number
  readonly remaining?: number
  readonly metrics?: Readonly<Record<string, string | number>>
  /** Seconds after the run began. */
  readonly second?: number
  readonly pod?: string
}

const bodyOf = ({ percentage, remaining, metrics = {}, second = 0 }: Told) => ({
  trainerStatus: {
    lastUpdatedTime: new Date(sampleDate.getTime() + second * 1000).toISOString(),
    progressPercentage: percentage,
    estimatedRemainingSeconds: remaining,
    metrics: Object.entries(metrics).map(([name, value]) => ({ name, value: String(value) })),
  },
})
const urlOf = (pod = 'pod-1') => `/v1/jobs/${run.id}/trainer-status?pod_uid=${pod}`
const send = (body: unknown, by = token) => api.ask('POST', urlOf(), { body, token: by })
const say = (told: Told) => api.ask('POST', urlOf(told.pod), { body: bodyOf(told), token })
const points = () => records.runs.metrics(run.id, 0, 100)

describe('a trainer’s status', () => {
  it('is recorded as a heartbeat, and answered with what was understood', async () => {
    const heard: object[] = []
    await api.live.subscribe((_id, message) => heard.push(message))
    const told = {
      percentage: 45,
      remaining: 120,
      metrics: {
        loss: 0.5,
        eval_loss: 0.6,
        current_step: 450,
        current_epoch: 1.5,
        learning_rate: 5e-5,
        grad_norm: 'nan',
      },
    }
    const { status, json } = await say(told)
    expect([status, json]).toEqual([200, bodyOf(told)])
    expect((await readRun(records, run.id)).progress).toEqual({
      step: 450,
      epoch: 1,
      totalEpochs: null,
      percentage: 45,
    })
    expect(await points()).toMatchObject([
      { attempt: 1, step: 450, epoch: 1, trainLoss: 0.5, validationLoss: 0.6, extra: { learning_rate: 5e-5 } },
    ])
    await expect.poll(() => heard).toMatchObject([{ type: 'training_progress', data: { step: 450, progress: 45 } }])
    expect(await api.live.metrics(run.id)).toMatchObject({ loss: 0.5, estimated_remaining_seconds: 120 })
    expect(await records.callbacks.said(run.id)).toMatchObject([
      { lastHeartbeat: { percentage: 45, remainingSeconds: 120 } },
    ])
  })

  it('of 100 per cent is no end', async () => {
    await say({ percentage: 100, remaining: 0 })
    expect(await readRun(records, run.id)).toMatchObject({ state: 'RUNNING', progress: { percentage: 100 } })
    expect(await records.callbacks.said(run.id)).toMatchObject([{ done: null }])
  })

  it('that comes twice counts once', async () => {
    const told = { percentage: 10, metrics: { current_step: 1 } }
    const [first, second] = [await say(told), await say(told)]
    expect([second.status, second.text]).toEqual([first.status, first.text])
    expect(await points()).toHaveLength(1)
  })

  it('that comes late is a metric and does not turn progress back', async () => {
    await say({ percentage: 20, metrics: { current_step: 200 }, second: 10 })
    expect(await say({ percentage: 10, metrics: { current_step: 100 }, second: 5 })).toMatchObject({ status: 200 })
    expect((await readRun(records, run.id)).progress).toMatchObject({ step: 200, percentage: 20 })
    expect((await points()).map(({ step }) => step)).toEqual([200, 100])
  })

  it('without a step stands where the one before it stood', async () => {
    await say({ percentage: 0, metrics: { total_steps: 63 } })
    expect((await readRun(records, run.id)).progress).toMatchObject({ step: 0, percentage: 0 })
    await say({ percentage: 98, metrics: { current_step: 62 }, second: 10 })
    await say({ percentage: 100, metrics: { train_loss: 0.4 }, second: 11 })
    expect((await readRun(records, run.id)).progress).toMatchObject({ step: 62, percentage: 100 })
    await expect.poll(async () => (await api.live.status(run.id))?.progress).toBe(100)
    expect(await api.live.status(run.id)).toMatchObject({ step: 62 })
  })

  it('of a second training in the same process is newer, though its steps begin again', async () => {
    await say({ percentage: 99, metrics: { current_step: 5000 }, second: 10 })
    await say({ percentage: 1, metrics: { current_step: 20 }, second: 20 })
    expect((await readRun(records, run.id)).progress).toMatchObject({ step: 20, percentage: 1 })
    expect(await records.callbacks.said(run.id)).toMatchObject([{ lastHeartbeat: { step: 20 } }])
  })

  it('of a pod that replaces another is live, and the replaced one’s is not', async () => {
    await say({ percentage: 50, metrics: { current_step: 50 }, second: 10 })
    await say({ percentage: 40, metrics: { current_step: 40 }, second: 5, pod: 'pod-2' })
    await say({ percentage: 51, metrics: { current_step: 51 }, second: 30 })
    expect((await readRun(records, run.id)).progress).toMatchObject({ step: 40, percentage: 40 })
  })

  it('has as many others of its time as a client of whole seconds sends, and each is kept once', async () => {
    const same = Array.from({ length: 5 }, (_, step) => ({ percentage: step, metrics: { current_step: step } }))
    for (const told of [...same, ...same]) expect(await say(told)).toMatchObject({ status: 200 })
    expect(await points()).toHaveLength(5)
    expect((await readRun(records, run.id)).progress).toMatchObject({ step: 4 })
  })

  it('whose time never moves is refused before long', async () => {
    for (let step = 0; step < 16; step += 1) await say({ metrics: { current_step: step } })
    expect(await say({ metrics: { current_step: 16 } })).toMatchObject({
      ...{ status: 409, json: { error: { code: 'CALLBACK_CONFLICT' } } },
    })
  })

  it('without a time is as new as its arrival', async () => {
    await send({ trainerStatus: { progressPercentage: 1 } })
    api.advance(1)
    await send({ trainerStatus: { progressPercentage: 2 } })
    expect((await readRun(records, run.id)).progress).toMatchObject({ percentage: 2 })
    expect(await points()).toHaveLength(2)
  })

  it('beside a heartbeat of ours disturbs neither', async () => {
    const body = { pod_uid: 'pod-1', sequence: 1, step: 7, epoch: 1, total_epochs: 4 }
    expect(await api.ask('POST', `/v1/jobs/${run.id}/heartbeat`, { body, token })).toMatchObject({ status: 200 })
    expect(await say({ percentage: 30, metrics: { current_step: 8 } })).toMatchObject({ status: 200 })
    expect((await readRun(records, run.id)).progress).toMatchObject({ step: 8, percentage: 30 })
  })

  it('is read as JSON whatever it is called: Python’s own client calls everything a form', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await api.ask('POST', urlOf(), { body: bodyOf({ percentage: 9 }), token, headers })).toMatchObject({
      status: 200,
    })
    expect((await readRun(records, run.id)).progress).toMatchObject({ percentage: 9 })
    const other = { body: { pod_uid: 'pod-1', sequence: 1, step: 1 }, token, headers }
    expect(await api.ask('POST', `/v1/jobs/${run.id}/heartbeat`, other)).toMatchObject({ status: 415 })
  })

  it.each([
    ['nothing for us', {}],
    ['a null', { trainerStatus: null }],
    ['what the contract may say some day', { dataInitializerStatus: { phase: 'Running' } }],
  ])('that holds %s is taken and changes nothing', async (_what, body) => {
    expect(await send(body)).toMatchObject({ status: 200, json: {} })
    expect(await points()).toEqual([])
  })
})

describe('a trainer’s status is refused', () => {
  const one = { name: 'loss', value: '1' }
  it.each<[string, unknown]>([
    ['that is no JSON', '{"trainerStatus":'],
    ['that is a list', []],
    ['of more than everything', { trainerStatus: { progressPercentage: 101 } }],
    ['of less than nothing', { trainerStatus: { estimatedRemainingSeconds: -1 } }],
    ['whose metric is a number', { trainerStatus: { metrics: [{ name: 'loss', value: 1 }] } }],
    ['whose metric has no name', { trainerStatus: { metrics: [{ name: '', value: '1' }] } }],
    ['with too many metrics', { trainerStatus: { metrics: Array.from({ length: 257 }, () => one) } }],
    ['whose time is none', { trainerStatus: { lastUpdatedTime: 'yesterday' } }],
    ['whose time has no zone', { trainerStatus: { lastUpdatedTime: '2026-01-23T10:30:45' } }],
  ])('%s', async (_what, body) => {
    expect(await send(body)).toMatchObject({ status: 400, json: { error: { code: 'REQUEST_INVALID' } } })
    expect(await points()).toEqual([])
  })

  it('that is too large', async () => {
    const value = 'x'.repeat(1024 * 1024)
    expect(await send({ trainerStatus: { metrics: [{ name: 'loss', value }] } })).toMatchObject({
      ...{ status: 413, json: { error: { code: 'BODY_TOO_LARGE' } } },
    })
  })

  it('that does not say of which pod', async () => {
    const url = `/v1/jobs/${run.id}/trainer-status`
    expect(await api.ask('POST', url, { body: bodyOf({}), token })).toMatchObject({
      ...{ status: 400, json: { error: { code: 'REQUEST_INVALID' } } },
    })
  })

  it.each<[string, () => string | Promise<string>, number, string]>([
    ['a text for a token', () => 'letmein', 401, 'TOKEN_MALFORMED'],
    ['a token that is changed', () => `${token.slice(0, -4)}AAAA`, 401, 'TOKEN_SIGNATURE'],
    [
      'the token of another run',
      async () => (await api.tokens.mint({ runId: '5b7562c8-c4fa-408e-bf04-e54f27381970', attempt: 1 })).token,
      403,
      'TOKEN_OTHER_RUN',
    ],
  ])('with %s', async (_what, given, status, code) => {
    expect(await send(bodyOf({}), await given())).toMatchObject({ status, json: { error: { code } } })
    expect(await points()).toEqual([])
  })

  it('with a token that has expired, and taken with the one that lies in the file by then', async () => {
    api.advance(7 * 3600)
    expect(await send(bodyOf({}))).toMatchObject({ status: 401, json: { error: { code: 'TOKEN_EXPIRED' } } })
    const fresh = (await api.tokens.mint({ runId: run.id, attempt: 1 })).token
    expect(await send(bodyOf({}), fresh)).toMatchObject({ status: 200 })
  })

  it('from an attempt that is over or of a run that has ended', async () => {
    const change = (changes: Partial<Run>) => changeRun({ pool: database.pool, records }, run.id, changes)
    const ended = sampleAttempt({ state: 'FAILED', endedAt: sampleDate })
    await change({ attempt: 2, attempts: [ended, sampleAttempt({ attempt: 2 })] })
    const superseded = { status: 403, json: { error: { code: 'TOKEN_SUPERSEDED' } } }
    expect(await say({ percentage: 5 })).toMatchObject(superseded)
    const second = (await api.tokens.mint({ runId: run.id, attempt: 2 })).token
    expect(await send(bodyOf({ percentage: 6 }), second)).toMatchObject({ status: 200 })
    await change({ state: 'SUCCEEDED' })
    api.advance(2)
    expect(await send(bodyOf({ percentage: 7, second: 5 }), second)).toMatchObject(superseded)
    expect((await readRun(records, run.id)).progress).toMatchObject({ percentage: 6 })
  })
})

it('the trainer’s status is in the OpenAPI document, with its token and its body', async () => {
  const { json } = await api.ask('GET', '/openapi.json')
  const { post } = json.paths['/v1/jobs/{id}/trainer-status']
  expect(post.security).toEqual([{ callbackToken: [] }])
  expect(post.parameters.map(({ name }: { name: string }) => name).sort()).toEqual(['id', 'pod_uid'])
  const { schema } = post.requestBody.content['application/json']
  expect(JSON.stringify(schema)).toContain('progressPercentage')
})
