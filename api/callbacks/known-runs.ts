import type { Run } from '../../domain/run.ts'
import type { RunRecords } from '../../records/records.ts'
import { createBatcher } from '../batch.ts'

/** How long a run may be known by its last look-up. */
const rememberedMilliseconds = 1000
const rememberedMax = 20_000

/** Runs as callbacks need them: looked up together, and each at most once in a second. */
export function createKnownRuns(runs: Pick<RunRecords, 'getMany'>, now: () => Date) {
  const remembered = new Map<string, { readonly run: Run; readonly until: number }>()
  const lookUp = createBatcher<string, Run | null>({
    most: 500,
    waitingMost: 20_000,
    run: async (ids) => {
      const found = new Map((await runs.getMany([...new Set(ids)])).map((run) => [run.id, run]))
      return ids.map((id) => found.get(id) ?? null)
    },
  })

  const fresh = async (id: string): Promise<Run | null> => {
    const run = await lookUp(id)
    remembered.delete(id)
    if (run === null) return null
    const oldest = remembered.size >= rememberedMax ? remembered.keys().next().value : undefined
    if (oldest !== undefined) remembered.delete(oldest)
    remembered.set(id, { run, until: now().getTime() + rememberedMilliseconds })
    return run
  }
  return {
    fresh,
    /** At most a second old, and never older than `attempt`: a run that seems to be behind its trainer is looked up. */
    get: async (id: string, attempt: number): Promise<Run | null> => {
      const known = remembered.get(id)
      if (known !== undefined && known.until > now().getTime() && known.run.attempt >= attempt) return known.run
      return fresh(id)
    },
  }
}

export type KnownRuns = ReturnType<typeof createKnownRuns>
