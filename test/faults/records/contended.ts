import { openDatabase } from '../../../records/database.ts'
import { migrate } from '../../../records/migrate.ts'
import { openRecords } from '../../../records/open.ts'
import type { Records } from '../../../records/records.ts'
import { createServerDatabase } from '../../support/database.ts'
import { addRun, readRun } from '../../support/records.ts'
import { createFindings, type Outcome, type Stage } from '../promise.ts'

/* P7: thirty-two writers of one record, over the connections of two processes: each success is in the counter, each other try was told that it lost. */

const writersMany = 32

export async function contendForOneRecord({ count, isOver, say }: Stage): Promise<Outcome> {
  const database = await createServerDatabase()
  const other = await openDatabase(database.url)
  try {
    await migrate(database.pool, 'up')
    const houses = [database.pool, other].map((pool) => openRecords(pool))
    const { id } = await addRun({ pool: database.pool, records: houses[0] as Records })
    const before = await readRun(houses[0] as Records, id)
    const tally = { accepted: 0, refused: 0 }
    const writer = async (records: Records): Promise<void> => {
      for (let turn = 1; turn <= count && !isOver(); turn += 1) {
        const run = await readRun(records, id)
        const next = { ...run, retryCount: run.retryCount + 1 }
        if (await records.runs.apply({ next, events: [], actions: [] })) tally.accepted += 1
        else tally.refused += 1
      }
    }
    say(`${writersMany} writers begin`)
    await Promise.all(Array.from({ length: writersMany }, (_, index) => writer(houses[index % 2] as Records)))
    const after = await readRun(houses[0] as Records, id)
    const findings = createFindings()
    findings.expect(
      after.retryCount === tally.accepted && after.version - before.version === tally.accepted,
      () => `${tally.accepted} updates were accepted, the counter is ${after.retryCount}`,
    )
    findings.expect(tally.refused > 0, () => 'nobody lost a race, so that nothing was shown')
    return {
      counts: { updates: tally.accepted + tally.refused, ...tally, counter: after.retryCount },
      violations: findings.all(),
    }
  } finally {
    await other.end()
    await database.close()
  }
}
