import { afterAll, beforeAll, expect, it } from 'vitest'
import { createCallbackApi } from '../../api/server.ts'
import type { FastifyInstance } from 'fastify'
import { openRecords } from '../../records/open.ts'
import { openTestApi, type TestApi } from '../support/api.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { addRun } from '../support/records.ts'

let database: TestDatabase
let api: TestApi
let door: FastifyInstance

beforeAll(async () => {
  database = await openTestDatabase()
  api = await openTestApi(openRecords(database.pool))
  door = await createCallbackApi(api.ports)
})
afterAll(async () => {
  await door.close()
  await api.app.close()
  await database.close()
})

const ask = (method: 'GET' | 'POST', url: string, token?: string, payload?: object) =>
  door.inject({
    ...{ method, url, headers: { host: 'anything.example', ...(token ? { authorization: `Bearer ${token}` } : {}) } },
    ...(payload ? { payload } : {}),
  })

it('takes what a trainer says under any host name', async () => {
  const run = await addRun({ pool: database.pool, records: api.ports.records }, { state: 'RUNNING' })
  const { token } = await api.tokens.mint({ runId: run.id, attempt: 1 })
  const said = { pod_uid: 'pod-1', sequence: 1, step: 3 }
  expect((await ask('POST', `/v1/jobs/${run.id}/heartbeat`, token, said)).statusCode).toBe(200)
  expect((await ask('POST', `/v1/jobs/${run.id}/heartbeat`, undefined, said)).statusCode).toBe(401)
})

it('takes what an unmodified trainer says', async () => {
  const run = await addRun({ pool: database.pool, records: api.ports.records }, { state: 'RUNNING' })
  const { token } = await api.tokens.mint({ runId: run.id, attempt: 1 })
  const url = `/v1/jobs/${run.id}/trainer-status?pod_uid=pod-1`
  const said = { trainerStatus: { progressPercentage: 12 } }
  expect((await ask('POST', url, token, said)).statusCode).toBe(200)
  expect((await ask('POST', url, undefined, said)).statusCode).toBe(401)
})

it.each(['/v1/jobs', '/v1/endpoints', '/v1/stream', '/v1/trace?q=a', '/docs', '/openapi.json'])(
  'has no %s: only trainers come this way',
  async (url) => {
    expect((await ask('GET', url)).statusCode).toBe(404)
  },
)

it('answers probes', async () => {
  expect((await ask('GET', '/healthz')).statusCode).toBe(200)
})
