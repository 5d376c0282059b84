import { answered, type Line } from './answered.ts'
import type { RedisClient } from './link.ts'

const batchMax = 1000

type Multi = ReturnType<RedisClient['multi']>
/** A command that writes: it adds itself to what is given. */
type Command = (multi: Multi) => unknown

interface Waiting {
  readonly command: Command
  readonly sent: () => void
}

export interface RedisCommands {
  /** Sends a command; settles when the server has answered, or will not. */
  write(command: Command): Promise<void>
  /** Undefined where there is no such text, or no server that says so. */
  read(key: string): Promise<string | undefined>
}

/**
 * Commands that never fail: while the server is away or silent, what is written is lost and what is read is unknown.
 * What is written in one turn of the event loop goes as one pipeline: several times the throughput of commands that are awaited.
 * @param silent told when a server that is connected has not answered in time
 */
export function redisCommands(client: () => RedisClient, silent: () => void): RedisCommands {
  let waiting: Waiting[] = []
  const line: Line = { heardAt: -Infinity }
  const heard = async <Answer>(answer: Promise<Answer>): Promise<Answer | undefined> => {
    const first = await answered(answer, line)
    if (first !== 'silent') return first.value
    silent()
    return undefined
  }
  const send = async (batch: readonly Waiting[]): Promise<void> => {
    if (client().isReady) {
      const multi = client().multi()
      for (const { command } of batch) command(multi)
      // One that the server refuses hides the answers of the others, which it has taken all the same.
      await heard(multi.execAsPipeline())
    }
    for (const { sent } of batch) sent()
  }
  const flush = () => {
    const all = waiting
    waiting = []
    for (let start = 0; start < all.length; start += batchMax) void send(all.slice(start, start + batchMax))
  }
  return {
    write: (command) =>
      new Promise((sent) => {
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ command, sent })
      }),
    read: async (key) => (client().isReady ? ((await heard(client().get(key))) ?? undefined) : undefined),
  }
}
