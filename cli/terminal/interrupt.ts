import { exitCodes } from '../exit.ts'

/** After one interrupt the stop is orderly; npm and the terminal may both deliver it, so only a later one cuts it short. */
const secondInterruptMilliseconds = 2000

/** Calls `stop` at the first SIGINT or SIGTERM; a second one, some seconds later, ends the process. Returns what ends listening. */
export function onInterrupt(stop: () => void): () => void {
  let first: number | undefined
  const interrupted = (): void => {
    const at = performance.now()
    if (first !== undefined && at - first > secondInterruptMilliseconds) process.exit(exitCodes.outside)
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
