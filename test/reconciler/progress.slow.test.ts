import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Heartbeat } from '../../domain/callback.ts'
import type { RunObservation } from '../../domain/observation.ts'
import { transition } from '../../reconciler/transition.ts'
import { openRecords } from '../../records/open.ts'
import type { Records } from '../../records/records.ts'
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts'
import { job, lease, newRun, plan, pod, seen } from '../support/reconciler.ts'
import { addRun, heartbeat, readRun } from '../support/records.ts'

let database: TestDatabase
let records: Records
beforeAll(async () => {
  database = await openTestDatabase()
  records = openRecords(database.pool)
})
beforeEach(() => emptyTables(database.pool))
afterAll(() => database.close())

type Said = readonly (Partial<Heartbeat> & { readonly sequence: number })[]

it.each<[string, Said]>([
  ['whose epochs make no whole percentage', [{ sequence: 1, step: 30, epoch: 3, totalEpochs: 14 }]],
  [
    'whose last heartbeat says less than the one before',
    [
      { sequence: 1, step: 30, epoch: 3, totalEpochs: 14 },
      { sequence: 2, step: 31 },
    ],
  ],
  ['that says its percentage itself', [{ sequence: 1, step: 30, percentage: 12.5, remainingSeconds: 60 }]],
])('a running training %s is not written anew when nothing happens', async (_what, said) => {
  const { id } = await addRun({ pool: database.pool, records }, await newRun())
  for (const one of said) await records.callbacks.store([heartbeat(id, one)])
  const look = async (): Promise<RunObservation> =>
    seen({ jobs: [job()], pods: [pod()], leases: [lease], said: await records.callbacks.said(id) })

  for (let round = 0; round < 3; round += 1) {
    const decided = transition(await readRun(records, id), await look(), plan)
    if (decided) await records.runs.apply(decided)
  }
  const { progress, version } = await readRun(records, id)
  expect(transition(await readRun(records, id), await look(), plan)).toBeUndefined()

  // The next heartbeat writes its own progress, and that too is nothing that a look has to write.
  await records.callbacks.store([heartbeat(id, { sequence: 3, step: 40, epoch: 4, totalEpochs: 14 })])
  expect((await readRun(records, id)).progress).not.toEqual(progress)
  const after = transition(await readRun(records, id), await look(), plan)
  // What stands still is asked from the new step on.
  if (after) await records.runs.apply(after)
  expect(transition(await readRun(records, id), await look(), plan)).toBeUndefined()
  expect((await readRun(records, id)).version - version).toBeLessThanOrEqual(1)
})
