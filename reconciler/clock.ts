/** What is to be looked at when its time has come. */
export interface Due {
  readonly everything: boolean
  readonly runs: ReadonlySet<string>
}

/** Looks that are wanted later, because time alone may change what is decided then. */
export interface Clock {
  lookAt(runs: readonly string[], milliseconds: number): void
  lookAtEverything(milliseconds: number): void
  /** Before it, and after `stop`, nothing becomes due: a single pass waits for nothing. */
  start(): void
  stop(): void
}

/** Of what is wanted twice the earlier time counts. */
export function createClock(due: (due: Due) => void): Clock {
  const runs = new Map<string, number>()
  let everythingAt = Number.POSITIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let running = false

  const arm = (): void => {
    clearTimeout(timer)
    const next = Math.min(everythingAt, ...runs.values())
    if (!running || next === Number.POSITIVE_INFINITY) return
    timer = setTimeout(fire, Math.max(0, next - performance.now()))
  }
  const fire = (): void => {
    const now = performance.now()
    const dueRuns = new Set([...runs].filter(([, at]) => at <= now).map(([run]) => run))
    for (const run of dueRuns) runs.delete(run)
    const everything = everythingAt <= now
    if (everything) everythingAt = Number.POSITIVE_INFINITY
    if (everything || dueRuns.size > 0) due({ everything, runs: dueRuns })
    arm()
  }
  return {
    lookAt: (wanted, milliseconds) => {
      const at = performance.now() + milliseconds
      for (const run of wanted) runs.set(run, Math.min(at, runs.get(run) ?? at))
      arm()
    },
    lookAtEverything: (milliseconds) => {
      everythingAt = Math.min(everythingAt, performance.now() + milliseconds)
      arm()
    },
    start: () => {
      running = true
      arm()
    },
    stop: () => {
      running = false
      clearTimeout(timer)
    },
  }
}
