import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { preparedDatabase } from '../../cli/house/prepared-database.ts'
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../local/database.ts'
import { migrate } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import { queryOnce } from '../../records/pool.ts'
import { builtScript } from '../support/main-job/script.ts'

const writer = fileURLToPath(new URL('../support/embedded-writer.ts', import.meta.url))
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'specyard-embedded-'))
  closers.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

describe('the embedded database in a folder', () => {
  it('loses nothing that it acknowledged when its process is killed, again and again', async () => {
    const folder = join(await temporaryFolder(), 'state', 'database')
    const runs: string[] = []
    const steps = new Map<string, number>()
    for (let round = 0; round < 3; round += 1) {
      const target = 40 + 25 * round
      let lines = 0
      const child = spawn(process.execPath, [builtScript(writer), folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      for await (const line of createInterface({ input: child.stdout })) {
        const [kind, id = '', step] = line.split(' ')
        if (kind === 'run') runs.push(id)
        else steps.set(id, Number(step))
        lines += 1
        if (lines === target) child.kill('SIGKILL')
      }
      await ended(child)
      expect(lines).toBeGreaterThanOrEqual(target)
    }
    const { pool, close } = await openEmbeddedDatabase(folder)
    closers.push(close)
    const records = openRecords(pool)
    expect((await records.runs.getMany(runs)).map(({ id }) => id).sort()).toEqual([...runs].sort())
    for (const [id, step] of steps) {
      expect((await records.runs.get(id))?.progress?.step).toBeGreaterThanOrEqual(step)
      expect((await records.runs.metrics(id, 0, 1000)).length).toBeGreaterThanOrEqual(step)
    }
  })

  it('killed while it is being made is made the next time', async () => {
    const folder = join(await temporaryFolder(), 'database')
    const child = spawn(process.execPath, [builtScript(writer), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    await untilSome(`${folder}.unfinished`, child)
    child.kill('SIGKILL')
    await ended(child)
    const { pool, close } = await openEmbeddedDatabase(folder)
    closers.push(close)
    expect(await queryOnce(pool, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await readdir(join(folder, '..'))).toEqual(['database'])
  })

  it('holds after an orderly end what it held before', async () => {
    const folder = join(await temporaryFolder(), 'database')
    const first = await openEmbeddedDatabase(folder)
    expect(await queryOnce(first.pool, 'show fsync')).toEqual([{ fsync: 'on' }])
    expect((await migrate(first.pool, 'up')).changed.length).toBeGreaterThan(0)
    await queryOnce(first.pool, `insert into projects (name) values ('language')`)
    await Promise.all([first.close(), first.close(), first.pool.end()])
    await expect(first.pool.connect()).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', retry: 'never' })
    const second = await openEmbeddedDatabase(folder)
    closers.push(second.close)
    expect((await migrate(second.pool, 'up')).changed).toEqual([])
    expect(await queryOnce(second.pool, 'select name from projects')).toEqual([{ name: 'language' }])
  })

  it('on a full disk is not made, and is read but not written', async () => {
    const folder = join(await temporaryFolder(), 'database')
    const mebibyte = 2 ** 20
    let free = 127 * mebibyte
    await expect(openEmbeddedDatabase(folder, { freeBytes: async () => free })).rejects.toMatchObject({
      code: 'DISK_FULL',
    })
    free = 128 * mebibyte
    const { pool, close } = await openEmbeddedDatabase(folder, { freeBytes: async () => free })
    closers.push(close)
    await queryOnce(pool, 'create table numbers (value integer)')
    free = 64 * mebibyte - 1
    const write = () => queryOnce(pool, 'insert into numbers values (1)')
    await vi.waitFor(() => expect(write()).rejects.toMatchObject({ code: 'DISK_FULL', retry: 'later' }))
    const before = await queryOnce(pool, 'select count(*) as count from numbers')
    await expect(write()).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await queryOnce(pool, 'select count(*) as count from numbers')).toEqual(before)
    free = 64 * mebibyte
    expect(await write()).toEqual([])
  })

  it('whose files are damaged is a fault that says what to do', async () => {
    const folder = join(await temporaryFolder(), 'database')
    await (await openEmbeddedDatabase(folder, { prepared: preparedDatabase() })).close()
    await writeFile(join(folder, 'global', 'pg_control'), 'garbage')
    const fault: unknown = await openEmbeddedDatabase(folder).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'DATABASE_FAILED', retry: 'never' })
    expect(String((fault as { hint: unknown }).hint)).toContain(`mv ${folder}`)
  })

  it('is not made in a folder that holds something else, nor where there is a file', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'mine'))
    await writeFile(join(folder, 'mine', 'thesis.txt'), 'years of work')
    await expect(openEmbeddedDatabase(join(folder, 'mine'))).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    expect(await readdir(join(folder, 'mine'))).toEqual(['thesis.txt'])
    const file = join(folder, 'mine', 'thesis.txt')
    await expect(openEmbeddedDatabase(file)).rejects.toMatchObject({ code: 'FILE_FAILED' })
    await expect(openEmbeddedDatabase(join(file, 'deeper'))).rejects.toMatchObject({ code: 'FILE_FAILED' })
  })
})

describe('the one session of the embedded database', () => {
  let database: EmbeddedDatabase
  beforeAll(async () => {
    database = await openEmbeddedDatabase(null, { prepared: preparedDatabase() })
    await queryOnce(
      database.pool,
      'create table numbers (value bigint primary key, decimal numeric, at timestamptz, list text[])',
    )
  })
  afterAll(() => database.close())

  it('belongs to one transaction until it is released', async () => {
    const order: string[] = []
    const transaction = async (name: string) => {
      const client = await database.pool.connect()
      for (const statement of ['begin', 'select 1', 'select 2', 'commit']) {
        order.push(`${name} ${statement}`)
        await client.query(statement, [])
      }
      client.release()
    }
    await Promise.all(['a', 'b', 'c'].map(transaction))
    const expected = ['a', 'b', 'c'].flatMap((name) =>
      ['begin', 'select 1', 'select 2', 'commit'].map((one) => `${name} ${one}`),
    )
    expect(order).toEqual(expected)
  })

  it('is handed on without what a caller left unfinished', async () => {
    const client = await database.pool.connect()
    await client.query('begin', [])
    await client.query('insert into numbers (value) values (99)', [])
    client.release()
    client.release()
    expect(await queryOnce(database.pool, 'select value from numbers where value = 99')).toEqual([])
  })

  it('reads values as the server’s driver does', async () => {
    const at = new Date('2026-03-01T12:00:00.123Z')
    const row = { value: 2n ** 60n, decimal: 1.5, at, list: ['a,b', '"', null] }
    await queryOnce(
      database.pool,
      'insert into numbers values ($1, $2, $3, $4), (7, null, null, null)',
      Object.values(row),
    )
    expect(await queryOnce(database.pool, 'select * from numbers order by value desc')).toEqual([
      row,
      { value: 7, decimal: null, at: null, list: null },
    ])
  })

  it('lets timers in between the statements of a caller in a hurry', async () => {
    let ticks = 0
    const timer = setInterval(() => {
      ticks += 1
    }, 1)
    for (let count = 0; count < 1000 && ticks < 5; count += 1) await queryOnce(database.pool, 'select 1')
    clearInterval(timer)
    expect(ticks).toBe(5)
  })

  it('says by SQLSTATE what went wrong, without the statement’s parameters, and goes on', async () => {
    const failed = await queryOnce(database.pool, 'select $1::integer / 0', ['7']).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: '22012' })
    expect(Object.keys(failed as object)).not.toContain('params')
    expect(await queryOnce(database.pool, 'select 1 as one')).toEqual([{ one: 1 }])
  })
})

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function untilSome(folder: string, child: ChildProcess): Promise<void> {
  const filesEnough = 20
  for (;;) {
    if (child.exitCode !== null) throw new Error('the writer ended by itself')
    if ((await readdir(folder).catch(() => [])).length >= filesEnough) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
