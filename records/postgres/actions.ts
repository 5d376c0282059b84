import { sql } from 'kysely'
import { type Action, actionKey, besideKinds } from '../../domain/action.ts'
import { jsonText, storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { ActionRecords, FenceRecords } from '../records.ts'
import type { Writing } from '../writing.ts'

const pageMax = 1000
const errorLengthMax = 2000

export function actionRecords(db: Database, writing: Writing, fence: FenceRecords): ActionRecords {
  return {
    add: async (actions) => {
      if (actions.length > 0) await writing.statement((one) => addActions(one, actions))
    },
    due: async (now, limit, which = 'within-passes', runIds) => {
      const rows = await db
        .selectFrom('actions')
        .select(['id', 'body', 'tries', 'created_at'])
        .where('done_at', 'is', null)
        .where('kind', which === 'beside-passes' ? 'in' : 'not in', besideKinds)
        .where((where) => where.or([where('due_at', 'is', null), where('due_at', '<=', now)]))
        .$if(runIds !== undefined, (query) => query.where(sql<boolean>`run_id = any(${[...(runIds ?? [])]}::uuid[])`))
        .orderBy('id')
        .limit(Math.max(0, Math.min(limit, pageMax)))
        .execute()
      // After the reading: what was read while the token was the newest may be begun.
      if (rows.length > 0) await fence.confirm()
      return rows.map((row) => ({
        id: row.id,
        action: row.body as Action,
        tries: row.tries,
        createdAt: row.created_at,
      }))
    },
    pendingCount: async () => {
      const { rows } = await sql<{ count: number }>`
        select count(*) from actions
        where done_at is null and not (kind = any(${[...besideKinds]}::text[]) and tries > 0)`.execute(db)
      return rows[0]?.count ?? 0
    },
    done: async (ids, result) => {
      if (ids.length === 0) return
      await writing.statement((one) =>
        sql`update actions set done_at = now(), result = ${bounded(result)}
        where id = any(${[...ids]}::bigint[]) and done_at is null`.execute(one),
      )
    },
    putOff: async (ids, until, error) => {
      if (ids.length === 0) return
      await writing.statement((one) =>
        sql`update actions set due_at = ${until}, tries = tries + 1, last_error = ${bounded(error)}
        where id = any(${[...ids]}::bigint[]) and done_at is null`.execute(one),
      )
    },
  }
}

/** Adds outbox rows; where one of the same key is not done yet, that one stays. Also inside a transition's transaction. */
export async function addActions(db: Database, actions: readonly Action[]): Promise<void> {
  if (actions.length === 0) return
  const rows = actions.map((action) => ({
    key: actionKey(action),
    kind: action.kind === 'operate' ? action.operation.kind : action.kind,
    environment: action.environment,
    run_id: action.runId,
    body: action,
  }))
  await sql`insert into actions (key, kind, environment, run_id, body)
    select * from jsonb_to_recordset(${jsonText(rows)}::jsonb) as given
      (key text, kind text, environment text, run_id uuid, body jsonb)
    on conflict (key) where done_at is null do nothing`.execute(db)
}

function bounded(text: string): string {
  return storableText(text.slice(0, errorLengthMax))
}
