import { ApiError } from './errors.ts'

export interface Batching<Item, Result> {
  /** Does a batch; one result for each item, in order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>
  /** Most items of one batch. */
  readonly most: number
  /** Most items that wait; more are refused with OVERLOADED. */
  readonly waitingMost: number
}

/**
 * Gathers what is asked while the batch before is being done, and does it at once as the next one: a lone item waits for nothing, and the
 * busier it gets the larger the batches are. One batch at a time. A batch that fails fails for each of its items.
 */
export function createBatcher<Item, Result>({ run, most, waitingMost }: Batching<Item, Result>) {
  const waiting: Waiting<Item, Result>[] = []
  let busy = false

  const work = async (): Promise<void> => {
    busy = true
    // The items of one turn of the event loop belong together.
    await new Promise((resolve) => setImmediate(resolve))
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most)
      try {
        const results = await run(batch.map(({ item }) => item))
        batch.forEach(({ resolve, reject }, index) => {
          const result = results[index]
          if (result === undefined) reject(new Error('a batch gave too few results'))
          else resolve(result)
        })
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    busy = false
  }

  return (item: Item): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (waiting.length >= waitingMost) {
        reject(new ApiError('OVERLOADED', 'too many requests wait for the database', { hint: 'ask again in a moment' }))
        return
      }
      waiting.push({ item, resolve, reject })
      if (!busy) void work()
    })
}

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}
