import { setImmediate, setTimeout } from 'node:timers/promises'

const answerMillisecondsMax = 2000

/** A connection: while answers come over it, those that are still to come are late and not missing. */
export interface Line {
  /** Milliseconds of a clock that never goes back. */
  heardAt: number
}

/**
 * What came of a request: its answer, nothing where it was refused or the connection lost (which the client tells by itself), or silence.
 * An answer that has come while this process had no time to read it is no silence.
 */
export async function answered<Answer>(
  answer: Promise<Answer>,
  line: Line = { heardAt: -Infinity },
): Promise<{ readonly value: Answer | undefined } | 'silent'> {
  const hear = (value: Answer | undefined): { readonly value: Answer | undefined } => {
    line.heardAt = performance.now()
    return { value }
  }
  const heard = answer.then(hear, () => hear(undefined))
  for (;;) {
    const first = await Promise.race([heard, silence(heard)])
    if (first !== 'silent' || performance.now() - line.heardAt > answerMillisecondsMax) return first
  }
}

async function silence(heard: Promise<unknown>): Promise<'silent'> {
  const patience = new AbortController()
  void heard.then(() => patience.abort())
  try {
    await setTimeout(answerMillisecondsMax, undefined, { signal: patience.signal, ref: false })
    // Timers run before what has arrived is read: two turns of the loop, in which it is.
    await setImmediate()
    await setImmediate()
  } catch {
    // It was answered.
  }
  return 'silent'
}
