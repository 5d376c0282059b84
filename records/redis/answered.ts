import { setTimeout } from 'node:timers/promises'

const answerMillisecondsMax = 2000
/** Turns of the event loop that the wait is made of: one that comes late, since this process was busy, counts no more than any other. */
const turns = 20

/** A connection: while answers come over it, those that are still to come are late and not missing. */
export interface Line {
  /** Milliseconds of a clock that never goes back. */
  heardAt: number
}

/**
 * What came of a request: its answer, nothing where it was refused or the connection lost (which the client tells by itself), or silence.
 * Time in which this process could neither send nor read is no silence.
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
    for (let turn = 0; turn < turns; turn += 1)
      await setTimeout(answerMillisecondsMax / turns, undefined, { signal: patience.signal, ref: false })
  } catch {
    // It was answered.
  }
  return 'silent'
}
