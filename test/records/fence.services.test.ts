import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openDatabase } from '../../records/database.ts'
import { migrate } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import { type PoolLike, queryOnce } from '../../records/pool.ts'
import type { Records } from '../../records/records.ts'
import { createServerDatabase, emptyTables } from '../support/database.ts'
import { addRun, leaseAction, readRun, sampleRun } from '../support/records.ts'
import { builtScript } from '../support/main-job/script.ts'

const writer = fileURLToPath(new URL('../support/fenced-writer.ts', import.meta.url))

let database: Awaited<ReturnType<typeof createServerDatabase>>
let other: PoolLike
/** Two processes' records: each with connections of its own. */
let first: Records
let second: Records
beforeAll(async () => {
  database = await createServerDatabase()
  await migrate(database.pool, 'up')
  other = await openDatabase(database.url)
  first = openRecords(database.pool)
  second = openRecords(other)
})
afterAll(async () => {
  await other.end()
  await database.close()
})
beforeEach(() => emptyTables(database.pool))
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A session that has begun a transaction, which the test ends. */
async function transaction(...statements: readonly [string, ...unknown[]][]) {
  const client = await other.connect()
  let open = true
  const end = async (word: 'commit' | 'rollback') => {
    if (!open) return
    open = false
    await client.query(word, [])
    client.release()
  }
  closers.push(() => end('rollback'))
  await client.query('begin', [])
  for (const [sql, ...parameters] of statements) await client.query(sql, parameters)
  return { end }
}

/** Waits until a number of sessions wait for locks of others. */
async function untilWaiting(sessions: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const rows = await queryOnce(
        database.pool,
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      expect(rows).toHaveLength(sessions)
    },
    { timeout: 20_000 },
  )
}

describe('the fence between two processes', () => {
  it('is not taken while a write is under way that passed it, and refuses the next one', async () => {
    const { id } = await addRun({ pool: database.pool, records: first })
    const older = first.fenced(await first.fence.take('the first'))
    const run = await readRun(first, id)
    const holding = await transaction(['select id from training_jobs where id = $1 for update', id])
    const applied = older.runs.apply({ next: { ...run, reason: 'UnderWay' }, events: [], actions: [] })
    await untilWaiting(1)
    let taken = false
    const taking = second.fence.take('the second').then((token) => {
      taken = true
      return token
    })
    await untilWaiting(2)
    expect(taken).toBe(false)
    await holding.end('commit')
    expect(await applied).toBe(true)
    const newer = second.fenced(await taking)
    const seen = await readRun(second, id)
    expect(seen.reason).toBe('UnderWay')
    const late = older.runs.apply({ next: { ...seen, reason: 'Late' }, events: [], actions: [leaseAction(run)] })
    await expect(late).rejects.toMatchObject({ code: 'FENCE_LOST' })
    expect(await newer.runs.apply({ next: { ...seen, reason: 'InTime' }, events: [], actions: [] })).toBe(true)
    expect((await readRun(first, id)).reason).toBe('InTime')
    expect(await first.actions.pendingCount()).toBe(0)
  })

  it.each([
    ['commit', 'refuses the write'],
    ['rollback', 'lets the write pass'],
  ] as const)('that is being taken holds back a write until it is known; a %s %s', async (end, _effect) => {
    const older = first.fenced(await first.fence.take('the first'))
    const taking = await transaction([`update reconciler_fence set token = token + 1, holder = 'the second'`])
    const added = older.actions.add([leaseAction(sampleRun())]).then(
      () => 'written',
      (error: unknown) => error,
    )
    await untilWaiting(1)
    await taking.end(end)
    if (end === 'commit') expect(await added).toMatchObject({ code: 'FENCE_LOST' })
    else expect(await added).toBe('written')
    expect(await first.actions.pendingCount()).toBe(end === 'commit' ? 0 : 1)
  })

  it('is taken from a process that was frozen in the middle of a write, which writes nothing when it goes on', async () => {
    const { id } = await addRun({ pool: database.pool, records: first })
    const child = spawn(process.execPath, [builtScript(writer), database.url, id], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    closers.push(() => child.kill('SIGKILL'))
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await vi.waitFor(() => expect(said).toContain('wrote Turn3'), { timeout: 30_000 })
    const holding = await transaction(['select id from training_jobs where id = $1 for update', id])
    await untilWaiting(1)
    child.kill('SIGSTOP')
    const before = said
    await holding.end('commit')
    const began = performance.now()
    const newer = second.fenced(await second.fence.take('the second'))
    expect(performance.now() - began).toBeLessThan(20_000)
    const run = await readRun(second, id)
    expect(await newer.runs.apply({ next: { ...run, reason: 'TakenOver' }, events: [], actions: [] })).toBe(true)
    const ended = once(child, 'exit')
    child.kill('SIGCONT')
    expect(await ended).toEqual([0, null])
    expect(said.slice(before.length).match(/^(wrote|failed).*$/gm)).toEqual([
      'failed DATABASE_UNREACHABLE',
      'failed FENCE_LOST',
    ])
    expect((await readRun(second, id)).reason).toBe('TakenOver')
    expect(before).toContain(`wrote ${run.reason}`)
  })
})
