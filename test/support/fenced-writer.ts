import { writeSync } from 'node:fs'
import { isFault } from '../../domain/fault.ts'
import { openDatabase } from '../../records/database.ts'
import { openRecords } from '../../records/open.ts'

// Takes the fence of a database and writes transitions of a run until it is told that another has taken it. Says on standard output what it
// does: `began`, `wrote <reason>` for each transition that was acknowledged, `failed <code>` for each that was not.
const [, , url = '', id = ''] = process.argv
const pool = await openDatabase(url)
const open = openRecords(pool)
const records = open.fenced(await open.fence.take(`process ${process.pid}`))
writeSync(1, 'began\n')
for (let turn = 1; ; turn += 1) {
  try {
    const run = await records.runs.get(id)
    if (run === undefined) throw new Error(`run ${id} is not recorded`)
    const reason = `Turn${turn}`
    if (await records.runs.apply({ next: { ...run, reason }, events: [], actions: [] }))
      writeSync(1, `wrote ${reason}\n`)
  } catch (error) {
    if (!isFault(error)) throw error
    writeSync(1, `failed ${error.code}\n`)
    if (error.retry === 'never') break
  }
}
await pool.end()
