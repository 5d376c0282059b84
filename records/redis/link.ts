import { createClient } from 'redis'
import { liveKeys } from '../live.ts'
import { answered } from './answered.ts'

const connectMillisecondsMax = 2000
const reconnectMillisecondsMax = 1000
/** How often each connection is asked whether it lives: nothing is heard of one that died without a word. */
const lookMilliseconds = 5000
/** Longer than between two looks: over a connection of which nothing was heard for so long no greeting was answered either. */
const idleMillisecondsMax = 15_000

export type RedisClient = ReturnType<typeof commandClient>

/** The connections with a Redis: one for commands, and one that listens from the time that somebody listens. */
export interface Link {
  readonly client: RedisClient
  /** Settles when connecting has succeeded (undefined) or failed once (its error); trying goes on in the background. */
  readonly tried: Promise<unknown>
  /**
   * Hears the messages of every run, and of pushes, over every connection to come; settles when it does, or when connecting has failed once.
   */
  listen(hear: (text: string, channel: string) => void): Promise<void>
  destroy(): void
}

interface Told {
  failed(error: unknown): void
  ready(): void
  /** A server that is connected has not answered. */
  silent(): void
}

export function openLink(url: string, { failed, ready, silent }: Told): Link {
  const client = commandClient(url)
  const subscriber = createClient({ url, socket: { ...socket } })
  const tellReady = (): void => {
    if (client.isReady && (subscriber.isReady || !subscriber.isOpen)) ready()
  }
  const look = async (asks: readonly (() => Promise<unknown>)[]): Promise<void> => {
    const asked = asks.map((ask) => answered(ask().catch(failed)))
    if ((await Promise.all(asked)).includes('silent')) silent()
  }
  for (const one of [client, subscriber]) one.on('error', failed).on('ready', tellReady)
  const isThere = async (): Promise<unknown> => (client.isReady ? client.ping() : undefined)
  let hears = async (): Promise<unknown> => undefined
  const looking = setInterval(() => void look([isThere, hears]), lookMilliseconds).unref()
  return {
    client,
    tried: connect(client),
    listen: async (hear) => {
      // The client subscribes again by itself only to what was once granted: a request that was lost with its connection is forgotten. So it is
      // made at each connection and at each look. Where it was granted before, nothing but the question is sent.
      hears = async () => {
        if (!subscriber.isReady) return
        await subscriber.pSubscribe([liveKeys.everyUpdates, liveKeys.pushes], hear)
        await subscriber.ping()
      }
      subscriber.on('ready', () => void look([hears]))
      await connect(subscriber)
      await look([hears])
    },
    destroy: () => {
      clearInterval(looking)
      for (const one of [client, subscriber]) if (one.isOpen) one.destroy()
    },
  }
}

/** To be copied for each client, which writes what it reads from its URL into what it is given. */
const socket = {
  connectTimeout: connectMillisecondsMax,
  socketTimeout: idleMillisecondsMax,
  reconnectStrategy: (retries: number) => Math.min(50 * 2 ** Math.min(retries, 10), reconnectMillisecondsMax),
}

/** Commands fail at once while the server is away. */
function commandClient(url: string) {
  return createClient({ url, socket: { ...socket }, disableOfflineQueue: true })
}

type Connecting = Pick<RedisClient, 'isOpen' | 'once'> & { connect(): Promise<unknown> }

async function connect(client: Connecting): Promise<unknown> {
  return new Promise((resolve) => {
    // A server that takes the connection and then says nothing is neither.
    setTimeout(resolve, 2 * connectMillisecondsMax).unref()
    client.once('error', resolve)
    client.once('ready', () => resolve(undefined))
    // Rejects only when the client is destroyed while it connects.
    client.connect().catch(resolve)
  })
}
