import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../kysely.ts'
import type { Writing } from '../writing.ts'
import { retentionLimits, retentionPace } from './limits.ts'

const dayMilliseconds = 24 * 3600 * 1000

export function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * dayMilliseconds)
}

/** Rows that go by their age or number alone; of each table at most `rowsMax` a call. */
export function agedRules(now: Date): Readonly<Record<'callbacks' | 'actions' | 'publications', AgedRule>> {
  const { callbackDays, doneActionDays, publications } = retentionLimits
  return {
    callbacks: {
      table: sql`callbacks`,
      old: sql`kind <> 'done' and received_at < ${daysBefore(now, callbackDays)}`,
    },
    actions: { table: sql`actions`, old: sql`done_at is not null and done_at < ${daysBefore(now, doneActionDays)}` },
    publications: {
      table: sql`publications`,
      old: sql`id <= (select id from publications order by id desc offset ${publications} limit 1)`,
    },
  }
}

interface AgedRule {
  readonly table: RawBuilder<unknown>
  readonly old: RawBuilder<unknown>
}

/** Removes one portion of old rows; where there is none, nothing is locked or written. */
export async function removeOld(db: Database, writing: Writing, { table, old }: AgedRule): Promise<number> {
  const found = await sql`select from ${table} where ${old} limit 1`.execute(db)
  if (found.rows.length === 0) return 0
  const removed = await writing.statement((one) =>
    sql`delete from ${table} where ctid = any(array(select ctid from ${table} where ${old} limit ${retentionPace.rowsMax}))`.execute(
      one,
    ),
  )
  return Number(removed.numAffectedRows ?? 0)
}
