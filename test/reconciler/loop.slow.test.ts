import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { Fault } from '../../domain/fault.ts'
import type { LedgerView } from '../../domain/ledger-files.ts'
import { memoryLiveState } from '../../local/live.ts'
import { openRecords } from '../../records/open.ts'
import { queryOnce } from '../../records/pool.ts'
import type { Records } from '../../records/records.ts'
import { createReconciler, type Reconciler } from '../../reconciler/reconciler.ts'
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts'
import { addRun, leaseAction } from '../support/records.ts'

/* The loop itself: what a scheduled pass does beside looking, and how it ends. */

let database: TestDatabase
let records: Records
let reconciler: Reconciler | undefined
beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(async () => {
  await emptyTables(database.pool)
  records = openRecords(database.pool)
})
afterEach(() => reconciler?.stop())
afterAll(() => database.close())

const everySecond = '* * * * * *'
const waiting = { timeout: 20_000, interval: 50 }
const nothing: LedgerView = { runs: [], endpoints: [], models: [], environments: [] }

const now = (): Date => new Date()

function create(of: Records, told: { looks: number; replaced?: Fault }, live = memoryLiveState(now)): Reconciler {
  reconciler = createReconciler({
    records: of,
    live,
    cluster: () => undefined,
    deploy: {
      read: async () => {
        told.looks += 1
        return { commit: null, headOf: () => null, ledger: nothing }
      },
      log: async () => [],
    },
    operate: async () => [],
    mintToken: () => Promise.reject(new Error('no lease is granted without a cluster')),
    now,
    replaced: (fault) => {
      told.replaced = fault
    },
    log: () => undefined,
  })
  return reconciler
}

function start(of: Records, told: { looks: number; replaced?: Fault }): void {
  create(of, told).start({ cron: everySecond })
}

it('a scheduled pass removes what is kept no longer', async () => {
  const run = await addRun({ pool: database.pool, records })
  await records.actions.add([leaseAction(run)])
  await queryOnce(database.pool, `update actions set done_at = now() - interval '31 days'`)
  start(records, { looks: 0 })
  await vi.waitFor(async () => {
    expect(await queryOnce(database.pool, 'select id from actions')).toEqual([])
  }, waiting)
})

it('a reconciler that was replaced says so, does nothing more, and leaves what is due to the other', async () => {
  const run = await addRun({ pool: database.pool, records })
  const told: { looks: number; replaced?: Fault } = { looks: 0 }
  start(records.fenced(await records.fence.take('the first')), told)
  await vi.waitFor(() => expect(told.looks).toBeGreaterThan(1), waiting)
  await records.fence.take('the second')
  await records.actions.add([leaseAction(run)])
  await vi.waitFor(() => expect(told.replaced).toMatchObject({ code: 'FENCE_LOST' }), waiting)
  const { looks } = told
  reconciler?.changed({ everything: true })
  expect(told.looks).toBe(looks)
  expect(await records.actions.pendingCount()).toBe(1)
})

it('a run that changes while a pass over many others goes on is looked at before they are', async () => {
  const runs = []
  for (let number = 0; number < 250; number += 1) runs.push(await addRun({ pool: database.pool, records }))
  const told: string[] = []
  const memory = memoryLiveState(now)
  const last = (await records.runs.openIds()).at(-1) ?? ''
  const live = {
    ...memory,
    publish: async (...[id, message]: Parameters<typeof memory.publish>) => {
      if (told.length === 0) of.changed({ runId: last })
      told.push(id)
      await memory.publish(id, message)
    },
  }
  const of = create(records, { looks: 0 }, live)
  of.changed({ everything: true })
  await vi.waitFor(() => expect(of.idle()).toBe(true), waiting)
  expect(new Set(told).size).toBe(runs.length)
  expect(told.indexOf(last)).toBe(100)
})
