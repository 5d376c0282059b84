import type { Database } from '../kysely.ts'
import type { Removed, RetentionRecords } from '../records.ts'
import type { Writing } from '../writing.ts'
import { agedRules, removeOld } from './aged.ts'
import { retentionPace } from './limits.ts'
import { condenseEnded, thinOpen } from './run-log.ts'

const nothing: Removed = { callbacks: 0, metrics: 0, events: 0, actions: 0, publications: 0, more: false }

export function retentionRecords(db: Database, writing: Writing): RetentionRecords {
  let restUntil: number | undefined
  return {
    apply: async (now) => {
      if (restUntil !== undefined && now.getTime() < restUntil) return nothing
      const removed = await removeSome(db, writing, now)
      restUntil = removed.more ? undefined : now.getTime() + retentionPace.restMinutes * 60_000
      return removed
    },
  }
}

async function removeSome(db: Database, writing: Writing, now: Date): Promise<Removed> {
  const rules = agedRules(now)
  const callbacks = await removeOld(db, writing, rules.callbacks)
  const actions = await removeOld(db, writing, rules.actions)
  const publications = await removeOld(db, writing, rules.publications)
  const ended = await condenseEnded(db, writing, now)
  const open = await thinOpen(db, writing)
  return {
    callbacks: callbacks + ended.callbacks,
    metrics: ended.metrics + open.metrics,
    events: ended.events + open.events,
    actions,
    publications,
    more:
      [callbacks, actions, publications].some((rows) => rows >= retentionPace.rowsMax) ||
      [ended, open].some(({ runs }) => runs >= retentionPace.runsMax),
  }
}
