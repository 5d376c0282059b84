import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { preparedDatabase } from '../../cli/house/prepared-database.ts'
import { openEmbeddedDatabase } from '../../local/database.ts'
import { migrate } from '../../records/migrate.ts'
import { type PoolLike, queryOnce } from '../../records/pool.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'specyard-prepared-'))
  closers.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function open(folder: string | null, prepared?: string): Promise<PoolLike> {
  const { pool, close } = await openEmbeddedDatabase(folder, prepared === undefined ? {} : { prepared })
  closers.push(close)
  return pool
}

/** All that a database is, but for its settings and what is of its time. Numbers of its own objects are given out in the order of their making. */
async function everythingOf(pool: PoolLike) {
  const statements = [
    'select oid, datname, datcollate, datctype, datlocprovider, encoding, datallowconn from pg_database order by oid',
    'select oid, rolname, rolsuper, rolcanlogin from pg_roles order by oid',
    'select oid, relname, relnamespace, relkind, relnatts, relowner from pg_class order by oid',
    'select attrelid, attname, atttypid, attnotnull, attgenerated from pg_attribute order by attrelid, attnum',
    'select adrelid, adnum, pg_get_expr(adbin, adrelid) as value from pg_attrdef order by adrelid, adnum',
    'select oid, conname, pg_get_constraintdef(oid) as text from pg_constraint order by oid',
    'select indexrelid, pg_get_indexdef(indexrelid) as text from pg_index order by indexrelid',
    'select oid, tgname, pg_get_triggerdef(oid) as text from pg_trigger order by oid',
    'select viewname, definition from pg_views order by viewname',
    'select oid, proname, prosrc from pg_proc order by oid',
    'select oid, typname, typlen from pg_type order by oid',
    'select oid, collname, collversion from pg_collation order by oid',
    'select extname, extversion from pg_extension order by extname',
    'select name from schema_migrations order by name',
  ]
  const tables = `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`
  const rows = (await queryOnce<{ name: string }>(pool, tables)).map(async ({ name }) => [
    name,
    await queryOnce(pool, `select count(*) as count from "${name}"`),
  ])
  return await Promise.all([...statements.map((statement) => queryOnce(pool, statement)), ...rows])
}

it('a database that begins as the prepared one is what it would have been otherwise', async () => {
  const folder = await temporaryFolder()
  const made = await open(join(folder, 'made'))
  await migrate(made, 'up')
  const prepared = await open(join(folder, 'prepared'), preparedDatabase())
  expect((await migrate(prepared, 'up')).changed).toEqual([])
  const everything = await everythingOf(made)
  expect(await everythingOf(prepared)).toEqual(everything)
  expect(await everythingOf(await open(null, preparedDatabase()))).toEqual(everything)
  // Without those of a language that a session learns when it is first used.
  const question = `select name, setting from pg_settings where name not like 'plpgsql.%' order by name`
  const settings = (pool: PoolLike) => queryOnce(pool, question)
  expect(await settings(prepared)).toEqual(await settings(made))
  expect((await readdir(join(folder, 'prepared'))).sort()).toEqual((await readdir(join(folder, 'made'))).sort())
})

it('the files of a database that began as the prepared one are its owner’s alone', async () => {
  const folder = join(await temporaryFolder(), 'database')
  await open(folder, preparedDatabase())
  for (const [path, mode] of [
    ['.', 0o700],
    ['base', 0o700],
    ['PG_VERSION', 0o600],
    ['global/pg_control', 0o600],
  ] as const)
    expect((await stat(join(folder, path))).mode & 0o777, path).toBe(mode)
})

it('what a killed start left of the prepared database is not taken for one', async () => {
  const folder = join(await temporaryFolder(), 'database')
  await mkdir(join(`${folder}.unfinished`, 'global'), { recursive: true })
  await writeFile(join(`${folder}.unfinished`, 'PG_VERSION'), '18\n')
  await writeFile(join(`${folder}.unfinished`, 'global', 'pg_control'), 'half of it')
  expect(await queryOnce(await open(folder, preparedDatabase()), 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await readdir(join(folder, '..'))).toEqual(['database'])
})
