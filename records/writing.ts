import { sql } from 'kysely'
import { Fault } from '../domain/fault.ts'
import { type Database, inTransaction } from './kysely.ts'
import type { FenceToken } from './records.ts'

/** The way of every write into the database. */
export interface Writing {
  /** Runs one statement. */
  statement<Result>(work: (db: Database) => Promise<Result>): Promise<Result>
  /** Runs several statements as one transaction, which is run again where it lost a race. */
  transaction<Result>(work: (db: Database) => Promise<Result>): Promise<Result>
}

export function openWriting(db: Database): Writing {
  return { statement: (work) => work(db), transaction: (work) => inTransaction(db, work) }
}

/**
 * Writes that happen only while a token is the newest. The fence's row is locked against its change until the write is committed: whoever takes
 * the fence waits for the writes under way, and no write that begins later can pass.
 */
export function fencedWriting(db: Database, token: FenceToken): Writing {
  const transaction: Writing['transaction'] = (work) =>
    inTransaction(db, async (inner) => {
      const { rows } = await sql<{ token: number }>`
        select token from reconciler_fence where scope = ${fenceScope} for share`.execute(inner)
      refuseOlder(token, rows[0]?.token)
      return work(inner)
    })
  return { statement: transaction, transaction }
}

/** The one kind of writer that there is. */
export const fenceScope = 'reconciler'

/** @throws Fault FENCE_LOST unless the token is the newest */
export function refuseOlder(token: FenceToken, newest: FenceToken | undefined): void {
  if (newest === token) return
  const cause = newest === undefined ? 'no token is in the database' : `token ${newest} was issued since`
  throw new Fault('FENCE_LOST', `the database refuses this reconciler's token ${token}: ${cause}`, {
    retry: 'never',
    hint: 'another reconciler has taken over, or the database was replaced: start this process again',
  })
}
