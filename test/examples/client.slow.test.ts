import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClient } from '../../examples/handbook/specyard-client.mjs'
import { type CallbackServer, startCallbackServer } from '../support/trainer.ts'

let server: CallbackServer
let folder: string
beforeEach(async () => {
  server = await startCallbackServer()
  folder = mkdtempSync(join(tmpdir(), 'specyard-client-'))
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

function client(more: { tokenFile?: string; doneSeconds?: number; log?: (line: string) => void } = {}) {
  return createClient({
    baseUrl: server.url,
    jobId: 'job',
    traceId: 'trace',
    podUid: 'pod',
    token: 'first',
    tokenFile: undefined,
    ...more,
  })
}

const sent = () =>
  server.received.map(({ kind, token, body }) => `${kind} ${String(body['sequence'] ?? '')} ${token}`.trim())

describe('the client of a trainer', () => {
  it('a message that was not taken is sent again as the same message', async () => {
    const answers = [503, 500, 200]
    server.answer = () => ({ status: answers.shift() ?? 200 })
    const specyard = client()
    specyard.event({ type: 'log', message: 'hello' })
    await specyard.flush(10_000)
    expect(new Set(server.received.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(server.received).toHaveLength(3)
  })

  it('a message that is refused for good is sent once, and said in the log', async () => {
    const told: string[] = []
    server.answer = ({ body }) => ({ status: body['sequence'] === 1 ? 409 : 200 })
    const specyard = client({ log: (line) => told.push(line) })
    specyard.event({ type: 'log' })
    specyard.event({ type: 'log' })
    await specyard.flush(10_000)
    expect(sent()).toEqual(['event 1 first', 'event 2 first'])
    expect(told).toEqual(['callback event was not taken: status 409'])
  })

  it('events arrive in their order, also when the first has to wait', async () => {
    const answers = [500, 500]
    server.answer = () => ({ status: answers.shift() ?? 200 })
    const specyard = client()
    for (const epoch of [1, 2, 3]) specyard.event({ type: 'epoch_end', epoch })
    await specyard.flush(10_000)
    expect(server.received.map((one) => one.body['epoch'])).toEqual([1, 1, 1, 2, 3])
  })

  it('of heartbeats that could not be sent only the newest is, and no number is left out', async () => {
    const specyard = client()
    for (let step = 1; step <= 50; step++) specyard.heartbeat({ step })
    await specyard.flush(10_000)
    expect(server.received.map((one) => [one.body['sequence'], one.body['step']])).toEqual([
      [1, 1],
      [2, 50],
    ])
  })

  it('a fresh token in an answer is used from then on', async () => {
    server.answer = ({ kind }) => ({ status: 200, body: kind === 'heartbeat' ? { token: 'second' } : {} })
    const specyard = client()
    specyard.heartbeat({ step: 1 })
    await specyard.flush(10_000)
    await specyard.done({ outcome: 'SUCCEEDED' })
    expect(sent()).toEqual(['heartbeat 1 first', 'done 1 second'])
  })

  it('a token that has expired is exchanged, and the message sent again with the new one', async () => {
    server.answer = ({ kind, token }) =>
      kind === 'token' ? { status: 200, body: { token: 'exchanged' } } : { status: token === 'first' ? 401 : 200 }
    const specyard = client()
    expect(await specyard.done({ outcome: 'SUCCEEDED' })).toBe(true)
    expect(sent()).toEqual(['done 1 first', 'token  first', 'done 1 exchanged'])
  })

  it('a token file that changes is read again', async () => {
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, 'from-file\n')
    const specyard = client({ tokenFile })
    specyard.event({ type: 'log' })
    await specyard.flush(10_000)
    writeFileSync(tokenFile, 'rotated\n')
    specyard.event({ type: 'log' })
    await specyard.flush(10_000)
    expect(sent()).toEqual(['event 1 from-file', 'event 2 rotated'])
  })

  it('a token file that is not there is no reason to fail', async () => {
    expect(await client({ tokenFile: join(folder, 'none') }).done({ outcome: 'SUCCEEDED' })).toBe(true)
    expect(sent()).toEqual(['done 1 first'])
  })

  it('nothing is thrown and the wait has its limit when nobody answers', async () => {
    await server.close()
    const told: string[] = []
    const specyard = client({ doneSeconds: 0.9, log: (line) => told.push(line) })
    specyard.heartbeat({ step: 1 })
    specyard.event({ type: 'log' })
    expect(await specyard.done({ outcome: 'SUCCEEDED' })).toBe(false)
    expect(told.at(-1)).toMatch(/^callback done was not taken: /)
    expect(told.join()).not.toContain('first')
    server = await startCallbackServer()
  })

  it('`done` is said as soon as the server is back', async () => {
    const answers = [500, 502, 503]
    server.answer = () => ({ status: answers.shift() ?? 200 })
    expect(await client().done({ outcome: 'SUCCEEDED' })).toBe(true)
    expect(sent()).toEqual(Array(4).fill('done 1 first'))
  })

  it('an event that waits longer than the end is sent after it', async () => {
    const answers = [503, 503]
    server.answer = ({ kind }) => ({ status: kind === 'event' ? (answers.shift() ?? 200) : 200 })
    const specyard = client({ doneSeconds: 1.5 })
    specyard.event({ type: 'log' })
    expect(await specyard.done({ outcome: 'SUCCEEDED' })).toBe(true)
    expect(sent()).toEqual(['event 1 first', 'event 1 first', 'done 1 first', 'event 1 first'])
  })

  it('what cannot be written as JSON is said in the log and harms nothing', async () => {
    const told: string[] = []
    const specyard = client({ log: (line) => told.push(line) })
    const circle: { self?: object } = {}
    circle.self = circle
    specyard.heartbeat({ step: 1, metrics: circle })
    specyard.event({ type: 'log', metrics: { big: 1n } })
    specyard.event({ type: 'log' })
    await specyard.flush(10_000)
    expect(sent()).toEqual(['event 1 first'])
    expect(told.filter((line) => line.includes('cannot be written as JSON'))).toHaveLength(2)
  })

  it('without an address every call does nothing', async () => {
    const specyard = createClient({
      baseUrl: undefined,
      jobId: '',
      traceId: '',
      podUid: '',
      token: '',
      tokenFile: undefined,
    })
    specyard.heartbeat({ step: 1 })
    specyard.event({ type: 'log' })
    expect(await specyard.done({ outcome: 'SUCCEEDED' })).toBe(false)
  })
})
