import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
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
    expect(performance.now() - from).toBeLessThan(2000)
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
