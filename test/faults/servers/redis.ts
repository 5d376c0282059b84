import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { freePort } from '../../cluster/base/ports.ts'
import { until } from '../../cluster/base/wait.ts'

/** A Redis of a check's own, which may be emptied and killed. */
export interface RedisServer {
  readonly url: string
  start(): Promise<void>
  kill(): Promise<void>
  /** Forgets everything, at once. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** @param password that it asks for; none unless told */
export async function openRedisServer(password?: string): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-faults-redis-'))
  const port = await freePort()
  const login = password === undefined ? '' : `default:${encodeURIComponent(password)}@`
  const url = `redis://${login}127.0.0.1:${port}`
  let child: ChildProcess | undefined
  const ask = async (command: 'PING' | 'FLUSHALL'): Promise<true> => {
    const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 1000 } })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.sendCommand([command])
      return true
    } finally {
      client.destroy()
    }
  }
  const start = async (): Promise<void> => {
    const words = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder]
    if (password !== undefined) words.push('--requirepass', password)
    child = spawn('redis-server', words, { stdio: 'ignore' })
    await until('Redis to start', () => ask('PING'), { seconds: 30, everyMilliseconds: 50 })
  }
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  await start()
  return {
    ...{ url, start, kill },
    flush: async () => void (await ask('FLUSHALL')),
    close: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
