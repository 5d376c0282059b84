import { randomUUID } from 'node:crypto'
import { createClient } from 'redis'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type LiveState, liveKeys } from '../../records/live.ts'
import { openRedis } from '../../records/redis.ts'
import { redisUrl } from '../support/database.ts'
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { describeLiveState, sampleStatus } from './suite/live.ts'

describeLiveState('Redis', () => openRedis(redisUrl(), { strict: true }))

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function openRaw() {
  const raw = createClient({ url: redisUrl() })
  await raw.connect()
  closers.push(() => raw.close())
  return raw
}

async function openLive(url: string, log: (line: string) => void = () => {}) {
  const live = await openRedis(url, { log })
  closers.push(() => live.close())
  return live
}

async function openProxy(): Promise<TcpProxy> {
  const proxy = await openTcpProxy(redisUrl())
  closers.push(() => proxy.close())
  return proxy
}

/** Says something until it is heard. */
async function untilHeard(live: LiveState, heard: readonly unknown[]): Promise<void> {
  await vi.waitFor(
    async () => {
      await live.publish('run', { type: 'done', data: {} })
      expect(heard.at(-1)).toEqual({ type: 'done', data: {} })
    },
    { timeout: 15_000 },
  )
}

describe('live state in Redis', () => {
  it('has the names, shapes and lifetimes of the source document', async () => {
    const [live, raw, id] = [await openLive(redisUrl()), await openRaw(), randomUUID()]
    await live.setStatus(id, sampleStatus)
    await live.setMetrics(id, { loss: 1.5 })
    expect(JSON.parse((await raw.get(`workflow:status:${id}`)) ?? '')).toEqual(sampleStatus)
    expect(JSON.parse((await raw.get(`workflow:metrics:${id}`)) ?? '')).toEqual({ loss: 1.5 })
    const [status, metrics] = [await raw.ttl(liveKeys.status(id)), await raw.ttl(liveKeys.metrics(id))]
    expect(status > 24 * 3600 - 60 && status <= 24 * 3600 && metrics > 3600 - 60 && metrics <= 3600).toBe(true)
    const heard: unknown[] = []
    const listener = raw.duplicate()
    await listener.connect()
    closers.push(() => listener.close())
    await listener.subscribe(`workflow:${id}:updates`, (text) => heard.push(JSON.parse(text)))
    await live.publish(id, { type: 'training_progress', data: { step: 1 } })
    await vi.waitFor(() => expect(heard).toEqual([{ type: 'training_progress', data: { step: 1 } }]))
  })

  it('that others spoilt is unknown, and their messages are not heard', async () => {
    const [live, raw, id, other] = [await openLive(redisUrl()), await openRaw(), randomUUID(), randomUUID()]
    await raw.set(liveKeys.status(id), 'no JSON')
    await raw.lPush(liveKeys.metrics(id), 'a list')
    await live.setMetrics(other, { loss: 1 })
    const read = await Promise.all([live.status(id), live.metrics(id), live.metrics(other)])
    expect(read).toEqual([undefined, undefined, { loss: 1 }])
    const heard: string[] = []
    await live.subscribe((runId) => {
      heard.push(runId)
      throw new Error('a listener failed')
    })
    for (const text of ['no JSON', '1', '{"type":"other","data":{}}', '{"type":"event"}'])
      await raw.publish(liveKeys.updates(id), text)
    await live.publish(other, { type: 'event', data: {} })
    await vi.waitFor(() => expect(heard).toEqual([other]))
  })

  it('is missing while Redis is away, with one line in the log, and back when it is back', async () => {
    const proxy = await openProxy()
    const lines: string[] = []
    const live = await openLive(proxy.url, (line) => lines.push(line))
    const heard: unknown[] = []
    await live.subscribe((_, message) => heard.push(message))
    await live.setMetrics('run', { loss: 1 })
    await proxy.cut()
    await vi.waitFor(() => expect(lines).toHaveLength(1))
    for (let count = 0; count < 10; count += 1) {
      await live.setMetrics('run', { loss: 2 })
      await live.publish('run', { type: 'event', data: { lost: true } })
      expect(await live.metrics('run')).toBeUndefined()
    }
    await proxy.restore()
    await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 10_000 })
    expect(lines).toEqual([expect.stringContaining('does not answer'), 'Redis answers again'])
    expect(await live.metrics('run')).toEqual({ loss: 1 })
    await vi.waitFor(
      async () => {
        await live.publish('run', { type: 'done', data: {} })
        expect(heard.at(-1)).toEqual({ type: 'done', data: {} })
      },
      { timeout: 10_000 },
    )
    expect(heard).not.toContainEqual({ type: 'event', data: { lost: true } })
  })

  it('does not wait for a Redis that has gone silent, and seeks it by another connection', async () => {
    const proxy = await openProxy()
    const lines: string[] = []
    const live = await openLive(proxy.url, (line) => lines.push(line))
    const heard: unknown[] = []
    await live.subscribe((_, message) => heard.push(message))
    await live.setMetrics('run', { loss: 1 })
    proxy.hold()
    expect(await live.metrics('run')).toBeUndefined()
    await vi.waitFor(async () => expect(await live.metrics('run')).toEqual({ loss: 1 }), { timeout: 10_000 })
    expect(lines).toEqual([expect.stringContaining('does not answer'), 'Redis answers again'])
    await vi.waitFor(
      async () => {
        await live.publish('run', { type: 'done', data: {} })
        expect(heard.at(-1)).toEqual({ type: 'done', data: {} })
      },
      { timeout: 10_000 },
    )
  })

  it('is heard after a connection that was lost while it asked for messages', async () => {
    const proxy = await openProxy()
    const live = await openLive(proxy.url)
    const heard: unknown[] = []
    proxy.holdAt('psubscribe')
    const subscribing = live.subscribe((_, message) => heard.push(message))
    await proxy.held()
    await proxy.cut()
    await proxy.restore()
    await subscribing
    await untilHeard(live, heard)
  })

  it('is heard again when only the connection that listens has gone silent', async () => {
    const proxy = await openProxy()
    const live = await openLive(proxy.url)
    const heard: unknown[] = []
    proxy.holdAt('psubscribe')
    await live.subscribe((_, message) => heard.push(message))
    await untilHeard(live, heard)
  })

  it('is found by another connection than one whose greeting is never answered', async () => {
    const proxy = await openProxy()
    proxy.holdAt('HELLO')
    const live = await openLive(proxy.url)
    await live.setMetrics('greeted', { loss: 4 })
    await vi.waitFor(
      async () => {
        await live.setMetrics('greeted', { loss: 4 })
        expect(await live.metrics('greeted')).toEqual({ loss: 4 })
      },
      { timeout: 30_000 },
    )
  })

  it('is not taken for silent because this process had no time to read', async () => {
    const lines: string[] = []
    const live = await openLive(redisUrl(), (line) => lines.push(line))
    await live.setMetrics('busy', { loss: 1 })
    const asked = live.metrics('busy')
    const began = performance.now()
    while (performance.now() - began < 3000);
    expect(await asked).toEqual({ loss: 1 })
    expect(lines).toEqual([])
  })

  it('is sought by TLS where its URL says so, also after another one without, and no fault tells the password', async () => {
    const proxy = await openProxy()
    await openLive(proxy.url)
    const url = new URL(proxy.url.replace(/^redis:/, 'rediss:'))
    url.password = 'correct-horse-battery'
    const fault: unknown = await openRedis(url.href, { strict: true }).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'REDIS_UNREACHABLE' })
    expect(JSON.stringify(fault) + String(fault)).not.toContain('correct-horse-battery')
  })

  it('is found later where Redis was away from the start; to be strict is a fault, without the password', async () => {
    const proxy = await openProxy()
    await proxy.cut()
    const url = new URL(proxy.url)
    url.password = 'correct-horse-battery'
    const fault: unknown = await openRedis(url.href, { strict: true }).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'REDIS_UNREACHABLE', retry: 'soon' })
    expect(String(fault)).toContain('ECONNREFUSED')
    expect(JSON.stringify(fault) + String(fault)).not.toContain('correct-horse-battery')
    const live = await openLive(proxy.url)
    await live.setMetrics('run', { loss: 3 })
    expect(await live.metrics('run')).toBeUndefined()
    await proxy.restore()
    await vi.waitFor(
      async () => {
        await live.setMetrics('run', { loss: 3 })
        expect(await live.metrics('run')).toEqual({ loss: 3 })
      },
      { timeout: 10_000 },
    )
  })
})
