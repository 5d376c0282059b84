import type { LogEntry } from './world.ts'

export interface Loop {
  start(): Promise<void>
  /** No look is under way when it resolves, and none follows. */
  stop(): Promise<void>
  /** Asks for another look soon. */
  wake(): void
  pollNow(): void
}

/** How long nobody looks while something runs: how late an exit is seen whose process this one did not start. */
const busyMilliseconds = 200
const idleMilliseconds = 1000

/** Looks again and again, at once when woken; looks are short and never overlap. One that throws is repeated, its message told once. */
export function openLoop(options: {
  look: () => void
  poll: () => Promise<void>
  /** Whether something runs or waits that may change by itself. */
  busy: () => boolean
  pollMilliseconds: number
  log: (entry: LogEntry) => void
}): Loop {
  let running = false
  let lookTimer: NodeJS.Timeout | undefined
  let pollTimer: NodeJS.Timeout | undefined
  let polling: Promise<void> | undefined
  let pollAgain = false
  let lastTrouble = ''

  const look = (): void => {
    // One that was asked for while a poll went on is this one: a second timer would go on beside it, and past the stop.
    clearTimeout(lookTimer)
    lookTimer = undefined
    try {
      options.look()
      lastTrouble = ''
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message !== lastTrouble) options.log({ level: 'error', message: `the local cluster: ${message}` })
      lastTrouble = message
    }
    if (running && lookTimer === undefined) {
      lookTimer = setTimeout(look, lastTrouble === '' && options.busy() ? busyMilliseconds : idleMilliseconds)
    } else if (lastTrouble !== '') {
      clearTimeout(lookTimer)
      lookTimer = running ? setTimeout(look, idleMilliseconds) : undefined
    }
  }
  const wake = (): void => {
    if (!running) return
    clearTimeout(lookTimer)
    lookTimer = setTimeout(look, 0)
  }
  const poll = (): Promise<void> => {
    clearTimeout(pollTimer)
    polling ??= options.poll().finally(() => {
      polling = undefined
      if (!running) return
      pollTimer = setTimeout(() => void poll(), pollAgain ? 0 : options.pollMilliseconds)
      pollAgain = false
    })
    return polling
  }
  return {
    start: async () => {
      running = true
      await poll()
      look()
    },
    stop: async () => {
      running = false
      clearTimeout(lookTimer)
      clearTimeout(pollTimer)
      lookTimer = undefined
      await polling
    },
    wake,
    pollNow: () => {
      if (!running) return
      if (polling) pollAgain = true
      else void poll()
    },
  }
}
