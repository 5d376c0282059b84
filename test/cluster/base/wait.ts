import { setTimeout as pause } from 'node:timers/promises'

export interface Patience {
  /** After so long it is an error. */
  readonly seconds: number
  /** Between two looks; default 100. */
  readonly everyMilliseconds?: number
}

/**
 * Looks again and again until there is something to see.
 * @param what as it stands after "waited for", so that the error alone tells what did not happen
 * @param look undefined or false: not yet; what it throws counts as not yet and is told if it stays so
 * @throws Error when the time is over, with what was thrown last as its cause
 */
export async function until<Seen>(
  what: string,
  look: () => Seen | undefined | false | Promise<Seen | undefined | false>,
  { seconds, everyMilliseconds = 100 }: Patience,
): Promise<Seen> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    let cause: unknown
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen
    } catch (error) {
      if (error instanceof Hopeless) throw error
      cause = error
    }
    if (performance.now() > end) {
      const why = cause instanceof Error ? `; last: ${cause.message}` : ''
      throw new Error(`waited ${seconds} s for ${what}${why}`, { cause })
    }
    await pause(everyMilliseconds)
  }
}

/** Thrown inside `until`: waiting longer cannot help. */
export class Hopeless extends Error {}
