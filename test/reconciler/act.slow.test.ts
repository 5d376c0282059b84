import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { memoryLiveState } from '../../local/live.ts'
import { openRecords } from '../../records/open.ts'
import type { Records } from '../../records/records.ts'
import { act } from '../../reconciler/act.ts'
import type { ReconcilerPorts } from '../../reconciler/ports.ts'
import type { ClusterSource } from '../../reconciler/sources/cluster.ts'
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts'
import { addRun, changeRun, leaseAction } from '../support/records.ts'

/* What is done outside the database by a reconciler that is replaced while it does it. */

let database: TestDatabase
let records: Records
beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(async () => {
  await emptyTables(database.pool)
  records = openRecords(database.pool)
})
afterAll(() => database.close())

interface Told {
  readonly granted: string[]
  readonly logged: string[]
}

/** Ports of a reconciler that holds the newest token. @param during what happens while it makes a token, and while it grants a lease */
async function portsOf(told: Told, during: { mint?(): unknown; grant?(): unknown }): Promise<ReconcilerPorts> {
  const now = (): Date => new Date()
  const cluster: Partial<ClusterSource> = {
    grantLease: async ({ jobUid }) => {
      await during.grant?.()
      told.granted.push(jobUid)
    },
  }
  return {
    records: records.fenced(await records.fence.take('the first')),
    live: memoryLiveState(now),
    cluster: () => cluster as ClusterSource,
    deploy: { read: () => Promise.reject(new Error('no ledger is read')), log: async () => [] },
    operate: async () => [],
    mintToken: async () => {
      await during.mint?.()
      return { token: 'a token', expiresAt: now() }
    },
    now,
    log: ({ message }) => told.logged.push(message),
  }
}

async function dueGrant(): Promise<void> {
  const run = await addRun({ pool: database.pool, records })
  const attempts = run.attempts.map((one) => ({ ...one, jobUid: leaseAction(run).jobUid }))
  await changeRun({ pool: database.pool, records }, run.id, { attempts })
  await records.actions.add([leaseAction(run)])
}

const takeOver = (): Promise<unknown> => records.fence.take('the second')

it('a lease that is due is granted to the Job of the record', async () => {
  const told: Told = { granted: [], logged: [] }
  await dueGrant()
  await act(await portsOf(told, {}))
  expect(told).toEqual({ granted: ['job-uid-1'], logged: [] })
  expect(await records.actions.pendingCount()).toBe(0)
})

it('one that is replaced after it read the record grants nothing, and leaves it to the other', async () => {
  const told: Told = { granted: [], logged: [] }
  await dueGrant()
  await expect(act(await portsOf(told, { mint: takeOver }))).rejects.toMatchObject({ code: 'FENCE_LOST' })
  expect(told).toEqual({ granted: [], logged: [] })
  expect(await records.actions.pendingCount()).toBe(1)
})

it('one that is replaced while it grants does not say that it tries again', async () => {
  const told: Told = { granted: [], logged: [] }
  await dueGrant()
  await expect(act(await portsOf(told, { grant: takeOver }))).rejects.toMatchObject({ code: 'FENCE_LOST' })
  expect(told).toEqual({ granted: ['job-uid-1'], logged: [] })
})
