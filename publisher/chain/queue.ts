import { isFault } from '../../domain/fault.ts'

/** What became of one request. */
export type Settled<Value> =
  { readonly kind: 'done'; readonly value: Value } | { readonly kind: 'refused'; readonly error: unknown }

/** Requests that are handled together. */
export interface Batch<Request> {
  /** All of it, with whatever came to wait since it was asked last; in the order in which they came. */
  take(): readonly Request[]
  /** True for a request whose batch was refused. */
  readonly alone: boolean
}

/**
 * Lets requests that wait for one another be handled at once, in the order in which they came: one batch at a time, of at most `most`.
 * A batch that is refused as a whole is handled again one by one, so that nobody is refused for what somebody else asked for.
 * @param handle answers each of the requests that it took last, in their order
 */
export function createQueue<Request, Value>(
  most: number,
  handle: (batch: Batch<Request>) => Promise<readonly Settled<Value>[]>,
): (request: Request) => Promise<Value> {
  interface Waiting {
    readonly request: Request
    settle(settled: Settled<Value>): void
  }
  const waiting: Waiting[] = []
  let running = false

  const handleAll = async (taken: readonly Waiting[], alone: boolean): Promise<void> => {
    const batch = [...taken]
    const take = (): readonly Request[] => {
      if (!alone) batch.push(...waiting.splice(0, most - batch.length))
      return batch.map(({ request }) => request)
    }
    try {
      const settled = await handle({ take, alone })
      settled.forEach((one, index) => batch[index]?.settle(one))
    } catch (error) {
      const perhapsOfOne = batch.length > 1 && isFault(error, 'GIT_PUSH_REJECTED') && error.retry === 'later'
      if (perhapsOfOne) for (const one of batch) await handleAll([one], true)
      else for (const one of batch) one.settle({ kind: 'refused', error })
    }
  }

  const run = async (): Promise<void> => {
    if (running) return
    running = true
    try {
      while (waiting.length > 0) await handleAll(waiting.splice(0, most), false)
    } finally {
      running = false
    }
  }

  return (request) =>
    new Promise<Value>((resolve, reject) => {
      waiting.push({
        request,
        settle: (settled) => {
          if (settled.kind === 'done') resolve(settled.value)
          else reject(settled.error as Error)
        },
      })
      // Whoever asks in the same moment shares the first push too.
      queueMicrotask(() => void run())
    })
}
