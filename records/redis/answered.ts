import { setImmediate, setTimeout } from 'node:timers/promises'

const answerMillisecondsMax = 2000

/**
 * What came of a request: its answer, nothing where it was refused or the connection lost (which the client tells by itself), or silence.
 * An answer that has come while this process had no time to read it is no silence.
 */
export async function answered<Answer>(
  answer: Promise<Answer>,
): Promise<{ readonly value: Answer | undefined } | 'silent'> {
  const patience = new AbortController()
  const heard = answer.then(
    (value) => ({ value }),
    () => ({ value: undefined }),
  )
  const silence = setTimeout(answerMillisecondsMax, undefined, { signal: patience.signal, ref: false })
    // Timers run before what has arrived is read: two turns of the loop, in which it is.
    .then(() => setImmediate())
    .then(() => setImmediate('silent' as const))
    .catch(() => 'silent' as const)
  const first = await Promise.race([heard, silence])
  patience.abort()
  return first
}
