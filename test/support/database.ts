import { randomUUID } from 'node:crypto'
import { preparedDatabase } from '../../cli/house/prepared-database.ts'
import { openEmbeddedDatabase } from '../../local/database.ts'
import { openDatabase } from '../../records/database.ts'
import { migrate } from '../../records/migrate.ts'
import { type PoolLike, queryOnce } from '../../records/pool.ts'

export interface TestDatabase {
  readonly pool: PoolLike
  close(): Promise<void>
}

/** An embedded database in memory with the newest schema. It takes a second and 400 MB: open one for a test file, and `emptyTables` before each test. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const database = await openEmbeddedDatabase(null, { prepared: preparedDatabase() })
  await migrate(database.pool, 'up')
  return database
}

/** A database of its own, empty, on the server of `DATABASE_URL`; dropped by `close`. */
export async function createServerDatabase(): Promise<TestDatabase & { readonly url: string }> {
  const name = `specyard_test_${randomUUID().replaceAll('-', '')}`
  const administration = await openDatabase(serverUrl())
  await queryOnce(administration, `create database ${name}`)
  const url = new URL(serverUrl())
  url.pathname = `/${name}`
  const pool = await openDatabase(url.href)
  return {
    url: url.href,
    pool,
    close: async () => {
      await pool.end()
      await queryOnce(administration, `drop database ${name} with (force)`)
      await administration.end()
    },
  }
}

export function serverUrl(): string {
  return required('DATABASE_URL')
}

export function redisUrl(): string {
  return required('REDIS_URL')
}

/** Removes every row; the history of migrations stays. */
export async function emptyTables(pool: PoolLike): Promise<void> {
  const tables = await queryOnce<{ name: string }>(
    pool,
    `select quote_ident(tablename) as name from pg_tables where schemaname = current_schema() and tablename not like 'schema_migrations%'`,
  )
  if (tables.length > 0) await queryOnce(pool, `truncate ${tables.map(({ name }) => name).join(', ')} cascade`)
}

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined)
    throw new Error(`${name} is not set; run: npx tsx tools/services.ts -- npm run test:services`)
  return value
}
