import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { isFault } from '../../domain/fault.ts'
import { openDatabase } from '../../records/database.ts'
import { withFaults } from '../../records/faults.ts'
import { checkSchema, migrate } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import { queryOnce } from '../../records/pool.ts'
import { createServerDatabase } from '../support/database.ts'
import { addRun, heartbeat, sampleRun } from '../support/records.ts'
import { openTcpProxy } from '../support/tcp-proxy.ts'

let database: Awaited<ReturnType<typeof createServerDatabase>>
beforeAll(async () => {
  database = await createServerDatabase()
})
afterAll(() => database.close())

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

describe('a database server', () => {
  it('whose empty database several processes migrate at once is migrated once', async () => {
    const pools = await Promise.all([1, 2, 3, 4].map(() => openDatabase(database.url)))
    for (const pool of pools) closers.push(() => pool.end())
    await expect(checkSchema(database.pool)).rejects.toMatchObject({ code: 'DATABASE_SCHEMA_OLD' })
    expect((await migrate(database.pool, 'status')).history.every(({ appliedAt }) => appliedAt === null)).toBe(true)
    const unmigrated = await openRecords(database.pool)
      .runs.list({})
      .catch((error: unknown) => error)
    expect(unmigrated).toMatchObject({ code: 'DATABASE_SCHEMA_OLD' })
    const reports = await Promise.all(pools.map((pool) => migrate(pool, 'up')))
    expect(reports.filter(({ changed }) => changed.length > 0)).toHaveLength(1)
    for (const pool of pools) await checkSchema(pool)
  })

  it('may hold us in another schema, beside others', async () => {
    await queryOnce(database.pool, 'create schema beside')
    const url = new URL(database.url)
    url.searchParams.set('options', '-c search_path=beside')
    const pool = await openDatabase(url.href)
    closers.push(() => pool.end())
    expect((await migrate(pool, 'up')).changed.length).toBeGreaterThan(0)
    const context = { pool, records: openRecords(pool) }
    const run = await addRun(context)
    expect(await openRecords(database.pool).runs.get(run.id)).toBeUndefined()
  })

  it('that does not answer is a fault to be tried again soon, without the password', async () => {
    const proxy = await openTcpProxy(database.url)
    await proxy.cut()
    const url = new URL(proxy.url)
    url.password = 'correct-horse-battery'
    const fault: unknown = await openDatabase(url.href).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'DATABASE_UNREACHABLE', retry: 'soon' })
    expect(String(fault)).toContain(`(ECONNREFUSED) at 127.0.0.1:${url.port}`)
    expect(JSON.stringify(fault) + String(fault)).not.toContain('correct-horse-battery')
  })

  it('that does not know the database is a fault for a person', async () => {
    const url = new URL(database.url)
    url.pathname = '/nobody_made_this'
    await expect(openDatabase(url.href)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', retry: 'never' })
  })

  it('that ends our session in the middle of a statement is a fault, and the next statement has a new session', async () => {
    await migrate(database.pool, 'up')
    const pool = withFaults(await openDatabase(database.url))
    closers.push(() => pool.end())
    const [session] = await queryOnce<{ id: number }>(pool, 'select pg_backend_pid() as id')
    const sleeping = queryOnce(pool, 'select pg_sleep(60)').catch((error: unknown) => error)
    await vi.waitFor(async () => {
      const [row] = await queryOnce<{ ended: boolean }>(
        database.pool,
        `select pg_terminate_backend(pid) as ended from pg_stat_activity where pid = $1 and query like '%pg_sleep%'`,
        [session?.id],
      )
      expect(row?.ended).toBe(true)
    })
    expect(isFault(await sleeping, 'DATABASE_UNREACHABLE')).toBe(true)
    expect(await queryOnce(pool, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('that goes away between and within transactions loses none of what was acknowledged', async () => {
    await migrate(database.pool, 'up')
    const proxy = await openTcpProxy(database.url)
    closers.push(() => proxy.close())
    const pool = await openDatabase(proxy.url)
    closers.push(() => pool.end())
    const records = openRecords(pool)
    const { id } = await addRun({ pool, records }, sampleRun())
    const acknowledged: number[] = []
    for (let step = 1; step <= 60; step += 1) {
      const stored = records.callbacks.store([heartbeat(id, { step, sequence: step })])
      if (step % 20 === 0) await proxy.cut()
      const outcome: unknown = await stored.catch((error: unknown) => error)
      if (Array.isArray(outcome)) acknowledged.push(step)
      else {
        expect(isFault(outcome, 'DATABASE_UNREACHABLE')).toBe(true)
        await proxy.restore()
      }
      if (step % 20 === 0 && Array.isArray(outcome)) await proxy.restore()
    }
    const kept = (await records.runs.metrics(id, 0, 1000)).map(({ step }) => step)
    expect(kept).toEqual(expect.arrayContaining(acknowledged))
    expect(acknowledged.length).toBeGreaterThanOrEqual(50)
  })
})
