import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A process that has been running for a while, and does something once each time it is told what. */
export interface Rounds {
  /** @returns the seconds that it says it took. @throws Error when it ends instead */
  ask(what: string): Promise<number>
  end(): void
}

/** @param program built, answers each message with a number of seconds and ends when it is let go */
export function startRounds(program: string, words: readonly string[]): Rounds {
  const child = fork(program, [...words])
  return {
    ask: async (what) => {
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`${program} ended with ${code}`)
      })
      child.send(what)
      const [seconds] = (await Promise.race([once(child, 'message'), ended])) as [number]
      ended.catch(() => undefined)
      return seconds
    },
    end: () => {
      if (child.connected) child.disconnect()
    },
  }
}
