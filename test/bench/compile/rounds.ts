import { fork } from 'node:child_process'
import { once } from 'node:events'

/**
 * Until the engine has made what it makes of the code: after 5 rounds it is still at it, and a round takes up to twice as long as one of a process that
 * has been running for a while.
 */
export const warmRounds = 30

/** A process that has been running for a while, and does something once each time it is told what. */
export interface Rounds {
  /** @returns the seconds that it says it took. @throws Error when it ends instead */
  ask(what: string): Promise<number>
  end(): void
}

/** @param program built, answers each message with a number of seconds and ends when it is let go */
export function startRounds(program: string, words: readonly string[]): Rounds {
  const child = fork(program, [...words])
  const ended = once(child, 'exit').then(([code]): number => {
    throw new Error(`${program} ended with ${code}`)
  })
  // Its end is of interest only to whoever waits for an answer.
  ended.catch(() => undefined)
  return {
    ask: async (what) => {
      const stopped = new AbortController()
      child.send(what)
      const answered = once(child, 'message', { signal: stopped.signal }).then(([seconds]) => seconds as number)
      return Promise.race([answered, ended]).finally(() => {
        answered.catch(() => undefined)
        stopped.abort()
      })
    },
    end: () => {
      if (child.connected) child.disconnect()
    },
  }
}
