import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, type Transaction } from 'kysely'
import { errorCode } from './faults.ts'
import type { PoolLike } from './pool.ts'
import type { Tables } from './schema.ts'

export type Database = Kysely<Tables>

export function openKysely(pool: PoolLike): Database {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: kyselyPool(pool) }) })
}

/** The same pool as Kysely's types have it: with cursors, which nothing here uses. */
export function kyselyPool(pool: PoolLike): PostgresPool {
  return {
    connect: async () => (await pool.connect()) as unknown as PostgresPoolClient,
    end: () => pool.end(),
  }
}

const triesMax = 3
/** Serialization failure, deadlock. */
const lostRaces = new Set(['40001', '40P01'])

/** Runs one transaction; one that lost a deadlock or a serialization race is run again, at most three times in all. */
export async function inTransaction<Result>(
  db: Database,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      if (tries === triesMax || !lostRaces.has(errorCode(error) ?? '')) throw error
    }
  }
}
