import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openEmbeddedDatabase } from '../../local/database.ts'
import { migrate } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import { heartbeat, sampleEvent, samplePlan, sampleRun } from './records.ts'

// Writes into the embedded database of a folder until it is killed, and says on standard output what has been acknowledged:
// `run <id>` and `step <id> <step>`, each only after its write has resolved.
const { pool } = await openEmbeddedDatabase(process.argv[2] ?? '')
await migrate(pool, 'up')
const { runs, callbacks } = openRecords(pool)
for (;;) {
  const run = sampleRun({ id: randomUUID(), state: 'RUNNING' })
  await runs.create(run, samplePlan(run), sampleEvent)
  writeSync(1, `run ${run.id}\n`)
  for (let step = 1; step <= 20; step += 1) {
    await callbacks.store([heartbeat(run.id, { sequence: step, step })])
    writeSync(1, `step ${run.id} ${step}\n`)
  }
}
