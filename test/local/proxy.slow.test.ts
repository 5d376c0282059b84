import { Agent, createServer, get, type IncomingMessage, request, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort, openService, type Service } from '../../local/serving/service.ts'
import { eventually } from '../support/local.ts'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

async function serve(listener: RequestListener): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push({ close: () => server.closeAllConnections(), ...{} }, { close: () => server.close() })
  return { port: (server.address() as AddressInfo).port, server }
}

async function service(drained = (): void => undefined): Promise<Service> {
  const one = await openService(null, drained)
  opened.push(one)
  return one
}

interface Answered {
  readonly status: number
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

const agent = new Agent({ keepAlive: true, maxSockets: 20 })

/** Asks over connections that are kept. Rejects where the answer does not come whole. */
async function ask(port: number, headers: Record<string, string> = {}, body?: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path: '/a?b=c', agent, headers, method: body === undefined ? 'GET' : 'POST' },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Answers with a word, after reading all of the request. */
const saying =
  (word: string): RequestListener =>
  (incoming, response) => {
    incoming.resume().on('end', () => setImmediate(() => response.end(word)))
  }

describe('the proxy of an endpoint', () => {
  it('loses no request while the weight of the candidate goes from 0 to 100 and back, over kept connections', async () => {
    const proxy = await service()
    const stable = await serve(saying('stable'))
    const candidate = await serve(saying('candidate'))
    const targets = [
      { port: stable.port, track: 'stable' },
      { port: candidate.port, track: 'candidate' },
    ] as const
    const weights = [0, 10, 25, 50, 75, 100, 75, 50, 25, 10, 0]
    const seen: { weight: number; word: string }[] = []
    let lost = 0
    let weight = 0
    let isOver = false
    proxy.route({ targets, weight })
    const clients = Array.from({ length: 20 }, async (_, number) => {
      while (!isOver) {
        const at = weight
        const { status, body } = await ask(proxy.port, {}, number % 2 === 0 ? 'x'.repeat(5000) : undefined).catch(
          () => ({ status: 0, body: '' }),
        )
        if (status !== 200) lost += 1
        else if (at === weight) seen.push({ weight: at, word: body })
      }
    })
    for (const next of weights) {
      weight = next
      proxy.route({ targets, weight })
      const from = seen.length
      await eventually(`400 answers at ${next} %`, () => seen.length >= from + 400)
    }
    isOver = true
    await Promise.all(clients)
    expect(lost).toBe(0)
    const share = (of: number): number => {
      const those = seen.filter((one) => one.weight === of)
      return (100 * those.filter(({ word }) => word === 'candidate').length) / those.length
    }
    expect([share(0), share(100)]).toEqual([0, 100])
    for (const of of [10, 25, 50, 75]) expect(Math.abs(share(of) - of)).toBeLessThan(1.5)
  })

  it('of 1,000 requests the candidate gets exactly its per cent', async () => {
    const proxy = await service()
    const [stable, candidate] = [await serve(saying('s')), await serve(saying('c'))]
    const targets = [
      { port: stable.port, track: 'stable' },
      { port: candidate.port, track: 'candidate' },
    ] as const
    proxy.route({ targets, weight: 13 })
    let got = 0
    for (let count = 0; count < 1000; count += 1) if ((await ask(proxy.port)).body === 'c') got += 1
    expect(got).toBe(130)
  })

  it('at weight 0 the candidate answers who asks for it by the header, and nobody else', async () => {
    const proxy = await service()
    const [stable, candidate] = [await serve(saying('s')), await serve(saying('c'))]
    const both = [
      { port: stable.port, track: 'stable' },
      { port: candidate.port, track: 'candidate' },
    ] as const
    proxy.route({ targets: both, weight: 0 })
    const asked = await ask(proxy.port, { 'x-specyard-track': 'candidate' })
    expect(asked).toMatchObject({ body: 'c', headers: { 'x-specyard-track': 'candidate' } })
    expect(await ask(proxy.port)).toMatchObject({ body: 's', headers: { 'x-specyard-track': 'stable' } })
    proxy.route({ targets: both.slice(0, 1), weight: 0 })
    expect((await ask(proxy.port, { 'x-specyard-track': 'candidate' })).status).toBe(503)
    proxy.route({ targets: both.slice(1), weight: 0 })
    expect((await ask(proxy.port)).status).toBe(503)
    // Without a rollout the header means nothing.
    proxy.route({ targets: both.slice(0, 1), weight: null })
    expect((await ask(proxy.port, { 'x-specyard-track': 'candidate' })).body).toBe('s')
  })

  it('the processes of a release take turns; one that is gone is passed over, and no request is sent twice', async () => {
    const proxy = await service()
    const got: string[] = []
    const note =
      (word: string): RequestListener =>
      (incoming, response) => {
        let body = ''
        incoming.on('data', (part: Buffer) => (body += part.toString()))
        incoming.on('end', () => {
          got.push(body)
          response.end(word)
        })
      }
    const [one, two, gone] = [await serve(note('1')), await serve(note('2')), await freePort()]
    proxy.route({
      targets: [one.port, gone, two.port].map((port) => ({ port, track: 'stable' as const })),
      weight: null,
    })
    const words: string[] = []
    for (let count = 0; count < 12; count += 1) words.push((await ask(proxy.port, {}, `body ${count}`)).body)
    expect(new Set(words)).toEqual(new Set(['1', '2']))
    expect(got).toEqual(Array.from({ length: 12 }, (_, count) => `body ${count}`))
  })

  it('a body goes on byte by byte, both ways, before it is whole', async () => {
    const proxy = await service()
    const echo = await serve((incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      incoming.on('data', (part: Buffer) => response.write(`echo ${part.toString()}`))
      incoming.on('end', () => response.end('end'))
    })
    proxy.route({ targets: [{ port: echo.port, track: 'stable' }], weight: null })
    const asked = request({ host: '127.0.0.1', port: proxy.port, method: 'POST' })
    const heard: string[] = []
    asked.on('response', (response) => response.on('data', (part: Buffer) => heard.push(part.toString())))
    for (const word of ['one', 'two', 'three']) {
      asked.write(word)
      await eventually(`the answer to ${word}`, () => heard.at(-1) === `echo ${word}`)
    }
    expect(proxy.inFlight(echo.port)).toBe(1)
    asked.end()
    await eventually('the end', () => heard.at(-1) === 'end')
    await eventually('nothing to be under way', () => proxy.inFlight(echo.port) === 0)
  })

  it('a process that ends in the middle of its answer makes the answer end there, and one before its answer a 502', async () => {
    const proxy = await service()
    const half = await serve((incoming, response) => {
      if (incoming.headers['x-when'] === 'before') incoming.socket.destroy()
      else response.write('half', () => incoming.socket.destroy())
    })
    proxy.route({ targets: [{ port: half.port, track: 'stable' }], weight: null })
    await expect(ask(proxy.port)).rejects.toThrow()
    expect((await ask(proxy.port, { 'x-when': 'before' }, 'body')).status).toBe(502)
    await eventually('nothing to be under way', () => proxy.inFlight(half.port) === 0)
  })

  it('a caller who goes away ends the request, and whoever waits for that is told', async () => {
    let drained = 0
    const proxy = await service(() => {
      drained += 1
    })
    let closed = 0
    const slow = await serve((_incoming, response) => {
      response.write('…')
      response.on('close', () => (closed += 1))
    })
    proxy.route({ targets: [{ port: slow.port, track: 'stable' }], weight: null })
    const asked = get({ host: '127.0.0.1', port: proxy.port })
    asked.on('error', () => undefined)
    asked.on('response', () => asked.destroy())
    await eventually('the process to hear of it', () => closed === 1 && drained === 1)
    expect(proxy.inFlight(slow.port)).toBe(0)
  })

  it('headers arrive as they were, but for those of the connection; a body of unknown length stays one', async () => {
    const proxy = await service()
    const seen: { raw: readonly string[]; body: string }[] = []
    const server = await serve((incoming, response) => {
      let body = ''
      incoming.on('data', (part: Buffer) => (body += part.toString()))
      incoming.on('end', () => {
        seen.push({ raw: incoming.rawHeaders, body })
        response.writeHead(201, 'Made', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Odd-Case', 'y'])
        response.end()
      })
    })
    proxy.route({ targets: [{ port: server.port, track: 'stable' }], weight: null })
    const raw = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connect(proxy.port, '127.0.0.1', () =>
        socket.write(
          'GET / HTTP/1.1\r\nHost: endpoint\r\nX-Odd-Case: x\r\nX-Twice: 1\r\nX-Twice: 2\r\nX-Hop: z\r\nConnection: close, X-Hop\r\n' +
            'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
        ),
      )
      socket.on('data', (part) => (text += part.toString())).on('close', () => resolve(text))
    })
    expect(seen[0]?.body).toBe('abc')
    expect(seen[0]?.raw.join(' ')).toMatch(/^Host endpoint X-Odd-Case x X-Twice 1 X-Twice 2/)
    expect(seen[0]?.raw.join(' ')).not.toContain('X-Hop')
    expect(raw).toMatch(/^HTTP\/1\.1 201 Made\r\n[^]*Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Odd-Case: y/)
  })

  it('an upgrade is not made, and the request is answered as if it had not asked for one', async () => {
    const proxy = await service()
    const server = await serve(saying('plain'))
    proxy.route({ targets: [{ port: server.port, track: 'stable' }], weight: null })
    expect(await ask(proxy.port, { connection: 'Upgrade', upgrade: 'websocket' })).toMatchObject({
      ...{ status: 200, body: 'plain' },
    })
  })
})
