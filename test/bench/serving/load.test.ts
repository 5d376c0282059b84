import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../support/main-job/conditions.ts'
import { startLoad } from './load.ts'

/* The instrument itself: a load that could not lose anything would prove nothing. */

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(answer: (count: number) => { status: number; body: string } | 'break'): Promise<string> {
  let count = 0
  server = createServer((request, response) => {
    const said = answer((count += 1))
    if (said === 'break') request.socket.destroy()
    else response.writeHead(said.status).end(said.body)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const good = { status: 200, body: '{"version":"1"}' }

describe('the load on an endpoint', () => {
  it('counts by the version that answered, and loses nothing when nothing is lost', async () => {
    const url = await serve((count) => ({ status: 200, body: `{"version":"${count % 2}"}` }))
    const load = startLoad({ url, callers: 3, pauseMilliseconds: 0 })
    await until('a hundred answers', () => load.now().asked > 100, 30)
    const { asked, lost, answers } = await load.stop()
    expect(lost).toBe(0)
    expect((answers['0'] ?? 0) + (answers['1'] ?? 0)).toBe(asked)
    expect(Math.abs((answers['0'] ?? 0) - (answers['1'] ?? 0))).toBeLessThanOrEqual(1)
  })

  it.each([
    ['a connection that is closed', 'break', /socket hang up|ECONNRESET/],
    ['an answer that refuses', { status: 503, body: 'busy' }, /status 503: busy/],
    ['an answer without a version', { status: 200, body: '{}' }, /status 200: \{\}/],
  ] as const)('%s is a request lost, each time it happens', async (_what, bad, why) => {
    let spoiled = 0
    const url = await serve((count) => {
      if (count % 10 !== 0) return good
      spoiled += 1
      return bad
    })
    const load = startLoad({ url, callers: 2, pauseMilliseconds: 0 })
    await until('fifty answers', () => load.now().asked > 50, 30)
    const { lost, firstLoss } = await load.stop()
    expect(lost).toBe(spoiled)
    expect(lost).toBeGreaterThan(3)
    expect(firstLoss).toMatch(why)
  })

  it('every request is lost when nobody listens', async () => {
    const url = await serve(() => good)
    server?.close()
    const load = startLoad({ url, callers: 1, pauseMilliseconds: 1 })
    await until('ten requests', () => load.now().asked > 10, 30)
    const { asked, lost } = await load.stop()
    expect(lost).toBe(asked)
  })
})
