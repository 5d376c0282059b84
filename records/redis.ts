import { Fault } from '../domain/fault.ts'
import {
  type LiveListener,
  type LiveMessage,
  type LiveState,
  type LiveStatus,
  liveKeys,
  liveLifetimeSeconds,
  tellAll,
} from './live.ts'
import { redisCommands } from './redis/commands.ts'
import { openLink } from './redis/link.ts'

export interface RedisOptions {
  /** Takes one line when Redis goes away and one when it is back. */
  readonly log?: (message: string) => void
  /** Whether an absent Redis is a fault at the start; else it is waited for in the background. */
  readonly strict?: boolean
}

/**
 * Live state in Redis. Its absence slows and stops nothing: what would be written or published meanwhile is dropped, what would be read is
 * unknown, and the connection is sought again in the background.
 * @param url `redis://user:password@host:port/number`, or `rediss://` for TLS
 * @throws Fault SETTINGS_INVALID when it is no such URL; REDIS_UNREACHABLE only where `strict`
 */
export async function openRedis(url: string, options: RedisOptions = {}): Promise<LiveState> {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url))
    throw new Fault('SETTINGS_INVALID', 'REDIS_URL is not a URL that begins with redis:// or rediss://', {
      retry: 'never',
      hint: 'write redis://user:password@host:6379/0; special characters of a password are percent-encoded',
    })
  const outage = outageLog(options.log ?? (() => {}))
  const listeners = new Set<LiveListener>()
  const pushListeners = new Set<() => void>()
  const hear = (text: string, channel: string) => {
    if (channel === liveKeys.pushes) for (const listener of pushListeners) listener()
    const runId = /^workflow:(.+):updates$/.exec(channel)?.[1]
    const message = objectOf(text)
    if (runId !== undefined && isLiveMessage(message)) tellAll(listeners, runId, message)
  }
  const seek = () => openLink(url, { failed: outage.began, ready: outage.ended, silent: () => startOver() })
  let link = seek()
  let listening: Promise<void> | undefined
  const cause = await link.tried
  if (options.strict === true && !link.client.isReady) {
    link.destroy()
    throw new Fault('REDIS_UNREACHABLE', `Redis does not answer${codeOf(cause)}`, {
      retry: 'soon',
      hint: 'check that the server runs and that REDIS_URL names its host, port and password',
      cause,
    })
  }
  // A connection over which nothing comes back may be dead without knowing it; the one that listens, too.
  const startOver = () => {
    if (!link.client.isReady) return
    outage.began(undefined)
    link.destroy()
    link = seek()
    if (listening !== undefined) listening = link.listen(hear)
  }
  const commands = redisCommands(() => link.client, startOver)
  const keep = (key: string, value: object, seconds: number) =>
    commands.write((multi) => multi.set(key, JSON.stringify(value), { expiration: { type: 'EX', value: seconds } }))
  const read = async (key: string) => objectOf(await commands.read(key))
  return {
    setStatus: (runId, status) => keep(liveKeys.status(runId), status, liveLifetimeSeconds.status),
    status: async (runId) => (await read(liveKeys.status(runId))) as LiveStatus | undefined,
    setMetrics: (runId, metrics) => keep(liveKeys.metrics(runId), metrics, liveLifetimeSeconds.metrics),
    metrics: async (runId) => (await read(liveKeys.metrics(runId))) as Readonly<Record<string, number>> | undefined,
    publish: (runId, message) =>
      commands.write((multi) => multi.publish(liveKeys.updates(runId), JSON.stringify(message))),
    subscribe: async (listener) => {
      // Wrapped, so that one function that subscribes twice is heard twice and ends once at a time.
      const own: LiveListener = (runId, message) => listener(runId, message)
      listeners.add(own)
      listening ??= link.listen(hear)
      await listening
      return async () => {
        listeners.delete(own)
      }
    },
    tellOfPush: () => commands.write((multi) => multi.publish(liveKeys.pushes, '')),
    onPush: async (listener) => {
      const own = (): void => listener()
      pushListeners.add(own)
      listening ??= link.listen(hear)
      await listening
      return async () => {
        pushListeners.delete(own)
      }
    },
    close: async () => {
      listeners.clear()
      pushListeners.clear()
      outage.silence()
      link.destroy()
    },
  }
}

/** Says once that Redis is gone and once that it is back, however many commands and attempts fail in between. */
function outageLog(log: (message: string) => void) {
  let state: 'up' | 'away' | 'silenced' = 'up'
  return {
    began: (error: unknown) => {
      if (state !== 'up') return
      state = 'away'
      log(`Redis does not answer${codeOf(error)}: live updates are missing until it is back, records are complete`)
    },
    ended: () => {
      if (state !== 'away') return
      state = 'up'
      log('Redis answers again')
    },
    silence: () => {
      state = 'silenced'
    },
  }
}

/** The error's code in brackets; its text is left out, as it may quote what we sent. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? ` (${code})` : ''
}

/** What others wrote under our names is not trusted to be an object, nor JSON. */
function objectOf(text: string | undefined): object | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

const messageTypes: readonly string[] = ['status', 'training_progress', 'event', 'done'] satisfies LiveMessage['type'][]

function isLiveMessage(value: object | undefined): value is LiveMessage {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown }
  return typeof type === 'string' && messageTypes.includes(type) && typeof data === 'object' && data !== null
}
