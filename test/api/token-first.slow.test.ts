import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCallbackApi } from '../../api/server.ts'
import type { Run } from '../../domain/run.ts'
import { openRecords } from '../../records/open.ts'
import { openTestApi, type TestApi } from '../support/api.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { addRun } from '../support/records.ts'

/* Whoever has no token learns nothing at the doors of trainers, whatever is in the body, and the body is not waited for. */

let database: TestDatabase
let api: TestApi
let run: Run
let token: string
beforeAll(async () => {
  database = await openTestDatabase()
  const records = openRecords(database.pool)
  api = await openTestApi(records)
  run = await addRun({ pool: database.pool, records }, { state: 'RUNNING' })
  token = (await api.tokens.mint({ runId: run.id, attempt: 1 })).token
})
afterAll(async () => {
  await api.app.close()
  await database.close()
})

const doors = ['heartbeat', 'event', 'done', 'token', 'trainer-status?pod_uid=pod-1', 'trainer-status'] as const
const bodies: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['that is right', '{"pod_uid":"pod-1","sequence":1,"step":1}', {}],
  ['without a field', '{}', {}],
  ['of wrong fields', '{"pod_uid":1,"sequence":"one","outcome":"PERHAPS","trainerStatus":7}', {}],
  ['that is no JSON', '{"step":', {}],
  ['that is a form', 'step=1', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['over 1 MiB', JSON.stringify({ text: 'a'.repeat(1024 * 1024) }), {}],
  ['that is empty', '', {}],
]
const say = (door: string, body: string, headers: Readonly<Record<string, string>>, by?: string, id = run.id) =>
  api.ask('POST', `/v1/jobs/${id}/${door}`, { body, headers, ...(by === undefined ? {} : { token: by }) })

describe.each(doors)('at the door %s', (door) => {
  it.each(bodies)('a body %s without a token of ours is answered with 401 and nothing else', async (_what, ...body) => {
    const wrong: readonly (readonly [string | undefined, string])[] = [
      [undefined, 'TOKEN_MISSING'],
      ['letmein', 'TOKEN_MALFORMED'],
      [`${token.slice(0, -4)}AAAA`, 'TOKEN_SIGNATURE'],
    ]
    for (const [by, code] of wrong) {
      const answer = await say(door, ...body, by)
      expect(answer).toMatchObject({ status: 401, json: { error: { code } } })
      expect(answer.headers['www-authenticate']).toBe('Bearer')
      // The words are those of the code: no field is named, no limit, no run.
      expect(answer.text).toBe((await say(door, '{}', {}, by, 'no-such-run')).text)
    }
  })

  it.each(bodies)('a body %s with a token of another run is refused for that', async (_what, ...body) => {
    const other = (await api.tokens.mint({ runId: '5b7562c8-c4fa-408e-bf04-e54f27381970', attempt: 1 })).token
    expect(await say(door, ...body, other)).toMatchObject({
      ...{ status: 403, json: { error: { code: 'TOKEN_OTHER_RUN' } } },
    })
  })

  it('who has a token learns what is wrong with the body', async () => {
    expect(await say(door, '{"step":', {}, token)).toMatchObject({
      ...{ status: 400, json: { error: { code: 'REQUEST_INVALID' } } },
    })
  })
})

it('an expired token is told so before its body is read, and is good for its exchange alone', async () => {
  const late = await openTestApi(api.ports.records)
  const expired = (await late.tokens.mint({ runId: run.id, attempt: 1 })).token
  late.advance(9 * 3600)
  const ask = (door: string, body: string) => late.ask('POST', `/v1/jobs/${run.id}/${door}`, { body, token: expired })
  for (const door of doors.filter((one) => one !== 'token'))
    expect(await ask(door, '{"step":')).toMatchObject({ status: 401, json: { error: { code: 'TOKEN_EXPIRED' } } })
  expect(await ask('token', '{"step":1}')).toMatchObject({ status: 400 })
  expect(await ask('token', '{}')).toMatchObject({ status: 200 })
  await late.app.close()
})

it('who has no token is answered while its body is still on the way', async () => {
  const door = await createCallbackApi(api.ports)
  const address = new URL(await door.listen({ host: '127.0.0.1', port: 0 }))
  const open = (by: Readonly<Record<string, string>>): ClientRequest => {
    const headers = { 'content-type': 'application/json', 'content-length': '1000', ...by }
    const asked = request({ ...{ host: address.hostname, port: address.port, method: 'POST' }, headers, path })
    asked.on('error', () => {})
    asked.flushHeaders()
    return asked
  }
  const path = `/v1/jobs/${run.id}/heartbeat`
  const asked = open({})
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(401)
  asked.destroy()
  door.server.closeAllConnections()
  await door.close()
})
