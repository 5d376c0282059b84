/** Rounds of work beside the passes: one at a time, and none sooner than a while after the last one began. */
export interface Rounds<Asked> {
  /** Begins a round where none is under way and the last one began long enough ago. */
  wake(asked: Asked): void
  /** Resolves when the round that is under way has ended. */
  settled(): Promise<void>
  stop(): Promise<void>
}

export interface RoundsOptions<Asked> {
  /** From the beginning of one to that of the next, at least. */
  readonly everyMilliseconds: number
  round(asked: Asked, signal: AbortSignal): Promise<void>
  /** Told why a round failed, but for one that was stopped. */
  failed(error: unknown): void
}

export function createRounds<Asked = void>({ everyMilliseconds, round, failed }: RoundsOptions<Asked>): Rounds<Asked> {
  const stopping = new AbortController()
  let last = -Infinity
  let running: Promise<void> | undefined
  return {
    wake: (asked) => {
      if (running || stopping.signal.aborted || performance.now() - last < everyMilliseconds) return
      last = performance.now()
      running = round(asked, stopping.signal)
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) failed(error)
        })
        .finally(() => {
          running = undefined
        })
    },
    settled: async () => running,
    stop: async () => {
      stopping.abort(new Error('the reconciler stops'))
      await running
    },
  }
}
