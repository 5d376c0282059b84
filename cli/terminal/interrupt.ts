import { exitCodes } from '../exit.ts'

/** After one interrupt the stop is orderly; npm and the terminal may both deliver it, so only a later one cuts it short. */
const secondInterruptMilliseconds = 2000
/** A service that was told to stop has ended after this long: Kubernetes kills what has not after 30 s, without a word. */
export const stopSecondsMax = 20

/** What the orderly stop of a service may take. */
export interface StopLimit {
  readonly seconds: number
  /** Hears, right before the process ends, what was still open. */
  late(message: string): void
}

/**
 * Calls `stop` at the first SIGINT or SIGTERM; a second one, some seconds later, ends the process, and so does the limit, where there is one.
 * Returns what ends listening; the limit stays, since what was left open can keep the process even after its work is done.
 */
export function onInterrupt(stop: () => void, limit?: StopLimit): () => void {
  let first: number | undefined
  const interrupted = (): void => {
    const at = performance.now()
    if (first !== undefined && at - first > secondInterruptMilliseconds) process.exit(exitCodes.outside)
    if (first === undefined && limit) endAfter(limit)
    first ??= at
    stop()
  }
  process.on('SIGINT', interrupted)
  process.on('SIGTERM', interrupted)
  return () => {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
  }
}

/** By a timer that itself keeps no process from its end. */
function endAfter({ seconds, late }: StopLimit): void {
  const timer = setTimeout(() => {
    const open = [...new Set(process.getActiveResourcesInfo())].join(', ')
    late(
      `not everything has ended ${seconds} s after the signal to stop (open: ${open}), and is cut short: ` +
        'what was under way is done by whoever comes next',
    )
    process.exit(exitCodes.outside)
  }, seconds * 1000)
  timer.unref()
}
