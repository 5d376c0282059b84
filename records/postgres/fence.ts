import { sql } from 'kysely'
import { storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { FenceRecords, FenceToken } from '../records.ts'
import { fenceScope, refuseOlder } from '../writing.ts'

const holderLengthMax = 200

/** @param token of the records that this belongs to; undefined where they are not fenced */
export function fenceRecords(db: Database, token: FenceToken | undefined): FenceRecords {
  const current: FenceRecords['current'] = async () => {
    const row = await db.selectFrom('reconciler_fence').selectAll().where('scope', '=', fenceScope).executeTakeFirst()
    return row === undefined ? undefined : { token: row.token, holder: row.holder, takenAt: row.taken_at }
  }
  return {
    current,
    take: async (holder) => {
      // Not below the clock in microseconds: a database restored from a backup must not give out a number that somebody still holds.
      const { rows } = await sql<{ token: FenceToken }>`
        insert into reconciler_fence as fence (scope, token, holder, taken_at)
        values (${fenceScope}, (extract(epoch from clock_timestamp()) * 1000000)::bigint,
          ${storableText(holder.slice(0, holderLengthMax))}, clock_timestamp())
        on conflict (scope) do update set token = greatest(fence.token + 1, excluded.token),
          holder = excluded.holder, taken_at = excluded.taken_at
        returning token`.execute(db)
      const taken = rows[0]?.token
      if (taken === undefined) throw new Error('the fence gave no token')
      return taken
    },
    confirm: async () => {
      if (token !== undefined) refuseOlder(token, (await current())?.token)
    },
  }
}
