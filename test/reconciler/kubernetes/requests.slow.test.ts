import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Api, createApi } from '../../../reconciler/sources/kubernetes/api/api.ts'

/** Takes connections and says nothing, ever. */
let mute: Server
let port: number
beforeEach(async () => {
  mute = createServer((socket) => socket.on('error', () => {}))
  mute.listen(0, '127.0.0.1')
  await once(mute, 'listening')
  port = (mute.address() as { port: number }).port
})
afterEach(() => mute.close())

const api = (server: string): Api =>
  createApi({ server, prepare: async () => ({}), dropIdle: () => {}, close: () => {} })

describe('a request', () => {
  const servers: readonly (readonly [sentence: string, url: () => string])[] = [
    ['that is never answered', () => `http://127.0.0.1:${port}`],
    ['whose TLS handshake is never answered', () => `https://127.0.0.1:${port}`],
  ]
  it.each(servers)('%s is given up as silent', async (_sentence, url) => {
    const from = performance.now()
    const asked = api(url()).json({ path: '/version', silenceMilliseconds: 300 })
    await expect(asked).rejects.toMatchObject({ status: null, silent: true, message: 'nothing came for 0.3 s' })
    expect(performance.now() - from).toBeLessThan(10_000)
  })

  it('whose connection is never made is given up as silent', async () => {
    const { port: deaf, close } = await listenAndNeverAccept()
    try {
      const from = performance.now()
      const asked = api(`http://127.0.0.1:${deaf}`).json({ path: '/version', silenceMilliseconds: 300 })
      await expect(asked).rejects.toMatchObject({ status: null, silent: true })
      expect(performance.now() - from).toBeLessThan(10_000)
    } finally {
      await close()
    }
  })

  it('to nobody is an error at once', async () => {
    const closed = once(mute, 'close')
    mute.close()
    await closed
    const asked = api(`http://127.0.0.1:${port}`).json({ path: '/version' })
    await expect(asked).rejects.toMatchObject({ status: null, silent: false })
    mute.listen(0, '127.0.0.1')
    await once(mute, 'listening')
  })
})

describe('a refusal', () => {
  const basic = Buffer.from('admin:canary-of-basic').toString('base64')
  it.each([
    ['a token', { headers: { Authorization: 'Bearer canary-token' } }],
    ['user and password', { auth: 'admin:canary-of-basic' }],
  ])('by a server that repeats what it was sent tells nothing of %s', async (_what, given) => {
    const echo = createHttpServer(({ headers }, response) => {
      const message = `you sent ${headers.authorization}`
      response.writeHead(502).end(JSON.stringify({ kind: 'Status', code: 502, message }))
    })
    echo.listen(0, '127.0.0.1')
    await once(echo, 'listening')
    const { port: own } = echo.address() as { port: number }
    const credentials = { prepare: async () => given, dropIdle: () => {}, close: () => {} }
    const asked = createApi({ server: `http://127.0.0.1:${own}`, ...credentials }).json({ path: '/version' })
    const error: unknown = await asked.catch((caught: unknown) => caught)
    echo.close()
    expect(String(error)).toMatch(/you sent (Bearer|Basic) …$/)
    expect(String(error)).not.toMatch(new RegExp(`canary|${basic}`))
  })
})

/** A port whose queue of connections is full: further ones are neither taken nor refused, as by an address that swallows everything. */
async function listenAndNeverAccept(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const server = require('node:net').createServer()
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
     })`,
    { eval: true },
  )
  const [port] = (await once(worker, 'message')) as [number]
  const queued: Socket[] = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await once(queued[0] as Socket, 'connect')
  return {
    port,
    close: async () => {
      for (const socket of queued) socket.destroy()
      await worker.terminate()
    },
  }
}
