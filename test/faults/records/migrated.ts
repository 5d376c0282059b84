import { migrations } from '../../../migrations/all.ts'
import { openDatabase } from '../../../records/database.ts'
import { errorCode } from '../../../records/faults.ts'
import { migrate } from '../../../records/migrate.ts'
import { openRecords } from '../../../records/open.ts'
import { type PoolLike, queryOnce } from '../../../records/pool.ts'
import { createServerDatabase } from '../../support/database.ts'
import { addRun } from '../../support/records.ts'
import { createFindings, type Outcome, type Stage } from '../promise.ts'

/*
 * P9: each migration undone and done again on full tables, while others read and write them: nobody waits for longer than two seconds.
 */

const waitSecondsMax = 2
/** The tables that grow are made by the ones up to here: below there is nothing to wait for. */
const tablesMadeBy = '0003_callbacks'

/** What others do meanwhile, each again and again in a session of its own. $1: the run, $2: a number that no row has yet. */
const uses = [
  `update training_jobs set updated_at = now() where id = $1 and $2::bigint > 0`,
  `insert into metrics (workflow_id, attempt, step) values ($1, 1, $2)`,
  `insert into callbacks (job_id, attempt, pod_uid, kind, sequence, body_hash, outcome, received_at)
   values ($1, 1, 'meanwhile', 'heartbeat', $2, '', 'stored', now())`,
  `insert into training_job_events (job_id, attempt, source, type, reason, message, step)
   values ($1, 1, 'trainer', 'log', '', '', $2)`,
]

export async function migrateFullTables({ count, isOver, say }: Stage): Promise<Outcome> {
  const database = await createServerDatabase()
  const others = await openDatabase(database.url)
  try {
    const { pool } = database
    await migrate(pool, 'up')
    const { id } = await addRun({ pool, records: openRecords(pool) })
    await fill(pool, id, count)
    say(`${count} rows in each of three tables`)
    const findings = createFindings()
    const steps = Object.keys(migrations).filter((name) => name > tablesMadeBy)
    let longest = 0
    let measured = 0
    for (const name of [...steps].reverse()) {
      if (isOver()) break
      for (const direction of ['down', 'up'] as const) {
        const seconds = await longestWait(others, id, () => migrate(pool, direction))
        longest = Math.max(longest, seconds)
        measured += 1
        say(`${name} ${direction}: others waited ${seconds.toFixed(2)} s at most`)
        findings.expect(seconds <= waitSecondsMax, () => `${name} ${direction}: others waited ${seconds.toFixed(2)} s`)
      }
      await migrate(pool, 'down')
    }
    return {
      counts: { 'rows of each table': count, 'migrations measured': measured, 'seconds waited, longest': longest },
      violations: findings.all(),
    }
  } finally {
    await others.end()
    await database.close()
  }
}

async function fill(pool: PoolLike, runId: string, rows: number): Promise<void> {
  for (const statement of uses.slice(1)) {
    const [head = ''] = statement.split('values')
    const values = statement.slice(head.length + 'values ('.length).replace(/\)$/, '')
    const series = values.replace('$2', 'number').replace('$1', '$1::uuid')
    await queryOnce(pool, `${head} select ${series} from generate_series(1, $2::bigint) as number`, [runId, rows])
  }
  await queryOnce(pool, 'analyze')
}

/** Seconds for which the unluckiest of those who used the tables meanwhile waited. */
async function longestWait(pool: PoolLike, runId: string, work: () => Promise<unknown>): Promise<number> {
  let over = false
  let longest = 0
  const use = async (statement: string): Promise<void> => {
    while (!over) {
      const began = performance.now()
      await queryOnce(pool, statement, [runId, nextNumber()]).catch((error: unknown) => {
        // A table that this migration takes away is missed by nobody who runs the version before it.
        if (errorCode(error) !== '42P01') throw error
      })
      longest = Math.max(longest, (performance.now() - began) / 1000)
    }
  }
  const using = uses.map(use)
  try {
    await work()
  } finally {
    over = true
    await Promise.all(using)
  }
  return longest
}

let last = 1_000_000_000
function nextNumber(): number {
  last += 1
  return last
}
