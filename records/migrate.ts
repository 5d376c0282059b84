import { Kysely, type MigrationResultSet, Migrator, PostgresDialect, sql } from 'kysely'
import { Fault } from '../domain/fault.ts'
import { migrations } from '../migrations/all.ts'
import { withFaults } from './faults.ts'
import { kyselyPool } from './kysely.ts'
import { type ClientLike, type PoolLike, queryOnce } from './pool.ts'

const historyTable = 'schema_migrations'
const lockTable = 'schema_migrations_lock'
/** Key of the advisory lock that one migrating process holds; any number that stays the same. */
const migrationLock = 7_203_514_921_066_731

/** The name of the newest migration that this version knows. */
export const newestMigration = Object.keys(migrations).at(-1) ?? ''

export type MigrationDirection = 'up' | 'down' | 'status'

export interface MigrationReport {
  /** What this call did, in its order; empty for `status` and where there was nothing to do. */
  readonly changed: readonly { readonly name: string; readonly direction: 'up' | 'down' }[]
  /** Every migration that this version knows, oldest first; null for one that has not been applied. */
  readonly history: readonly { readonly name: string; readonly appliedAt: Date | null }[]
}

/**
 * Brings the schema up to the newest, or one step down, or says how things stand. Two processes that migrate at once wait for each
 * other; all steps of a call are one transaction.
 * @throws Fault DATABASE_SCHEMA_NEWER when the database has migrations that this version does not know; DATABASE_FAILED
 */
export async function migrate(pool: PoolLike, direction: MigrationDirection): Promise<MigrationReport> {
  const client = await withFaults(pool).connect()
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: kyselyPool(pinned(client)) }) })
  try {
    await sql`select pg_advisory_lock(${migrationLock})`.execute(db)
    try {
      await refuseNewer(client)
      const migrator = await migratorOf(db)
      const changed = direction === 'status' ? [] : changesOf(await steps[direction](migrator))
      const history = await migrator.getMigrations()
      return { changed, history: history.map(({ name, executedAt }) => ({ name, appliedAt: executedAt ?? null })) }
    } finally {
      await sql`select pg_advisory_unlock(${migrationLock})`.execute(db)
    }
  } finally {
    client.release()
  }
}

/**
 * Checks that the database has exactly the schema that this version works with.
 * @throws Fault DATABASE_SCHEMA_OLD, DATABASE_SCHEMA_NEWER
 */
export async function checkSchema(pool: PoolLike): Promise<void> {
  const applied = await queryHistory(withFaults(pool))
  refuseUnknown(applied)
  const missing = Object.keys(migrations).filter((name) => !applied.includes(name))
  if (missing.length > 0)
    throw new Fault('DATABASE_SCHEMA_OLD', `the database lacks ${missing.length} migrations, from ${missing[0]} on`, {
      retry: 'never',
      hint: 'run: specyard migrate up',
    })
}

const steps = {
  up: (migrator: Migrator) => migrator.migrateToLatest(),
  down: (migrator: Migrator) => migrator.migrateDown(),
}

async function migratorOf(db: Kysely<unknown>): Promise<Migrator> {
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db)
  return new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: historyTable,
    migrationLockTableName: lockTable,
    // Named, or the tables of another schema of this database would be taken for ours.
    migrationTableSchema: rows[0]?.schema ?? 'public',
  })
}

function changesOf({ error, results = [] }: MigrationResultSet): MigrationReport['changed'] {
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')
    if (!(error instanceof Error)) throw new Error('a migration threw what is no error', { cause: error })
    if (failed === undefined || !(error instanceof Fault)) throw error
    throw new Fault(error.code, `migration ${failed.migrationName}: ${error.message}; nothing was changed`, {
      retry: error.retry,
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }
  return results.map(({ migrationName, direction }) => ({
    name: migrationName,
    direction: direction === 'Up' ? 'up' : 'down',
  }))
}

/** A pool of this one session, so that the lock and what it guards are in the same one (the embedded database has no other). */
function pinned(client: ClientLike): PoolLike {
  const borrowed: ClientLike = { query: (text, parameters) => client.query(text, parameters), release: () => {} }
  return { connect: async () => borrowed, end: async () => {} }
}

async function refuseNewer(client: ClientLike): Promise<void> {
  refuseUnknown(await queryHistory(pinned(client)))
}

async function queryHistory(pool: PoolLike): Promise<readonly string[]> {
  const found = await queryOnce<{ found: boolean }>(pool, 'select to_regclass($1) is not null as found', [historyTable])
  if (found[0]?.found !== true) return []
  const rows = await queryOnce<{ name: string }>(pool, `select name from ${historyTable} order by name`)
  return rows.map(({ name }) => name)
}

function refuseUnknown(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !(name in migrations))
  if (unknown.length > 0)
    throw new Fault(
      'DATABASE_SCHEMA_NEWER',
      `the database has migrations that this version does not know: ${unknown.join(', ')}`,
      {
        retry: 'never',
        hint: 'use the version of Specyard that made them, or a newer one; only that version can undo them',
      },
    )
}
