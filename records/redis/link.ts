import { createClient } from 'redis'
import { liveKeys } from '../live.ts'

const connectMillisecondsMax = 2000
const reconnectMillisecondsMax = 1000

export type RedisClient = ReturnType<typeof commandClient>

/** The connections with a Redis: one for commands, and one that listens from the time that somebody listens. */
export interface Link {
  readonly client: RedisClient
  /** Settles when connecting has succeeded (undefined) or failed once (its error); trying goes on in the background. */
  readonly tried: Promise<unknown>
  /** Hears the messages of every run, and of pushes; settles when it does, or when connecting has failed once. */
  listen(hear: (text: string, channel: string) => void): Promise<void>
  destroy(): void
}

export function openLink(url: string, failed: (error: unknown) => void, ready: () => void): Link {
  const client = commandClient(url)
  client.on('error', failed)
  client.on('ready', ready)
  const subscriber = createClient({ url, socket: { ...socket } })
  subscriber.on('error', failed)
  return {
    client,
    tried: connect(client),
    listen: async (hear) => {
      await connect(subscriber)
      // Without a connection this waits in the client's queue; after one is lost the client subscribes again by itself.
      const subscribed = subscriber.pSubscribe([liveKeys.everyUpdates, liveKeys.pushes], hear).catch(failed)
      if (subscriber.isReady) await subscribed
    },
    destroy: () => {
      for (const one of [client, subscriber]) if (one.isOpen) one.destroy()
    },
  }
}

/** To be copied for each client, which writes what it reads from its URL into what it is given. */
const socket = {
  connectTimeout: connectMillisecondsMax,
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
