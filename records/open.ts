import { withFaults } from './faults.ts'
import { openKysely } from './kysely.ts'
import type { PoolLike } from './pool.ts'
import { actionRecords } from './postgres/actions.ts'
import { callbackRecords } from './postgres/callbacks.ts'
import { endpointRecords } from './postgres/endpoints.ts'
import { modelRecords } from './postgres/models.ts'
import { publicationRecords } from './postgres/publications.ts'
import { runRecords } from './postgres/runs.ts'
import { traceRecords } from './postgres/traces.ts'
import type { Records } from './records.ts'

/**
 * The records in a database whose schema is the newest (`migrate`, `checkSchema`). Holds nothing of its own: who opened the pool ends it.
 * Times that nobody hands in (of transitions, of events) are the database's, so that every process writes by one clock.
 * Every method throws Fault DATABASE_UNREACHABLE, DATABASE_FAILED, DATABASE_SCHEMA_OLD or DISK_FULL; what it was to write is then not written,
 * or (where the answer to a commit was lost) may be, and can be written again.
 */
export function openRecords(pool: PoolLike): Records {
  const db = openKysely(withFaults(pool))
  return {
    runs: runRecords(db),
    actions: actionRecords(db),
    callbacks: callbackRecords(db),
    models: modelRecords(db),
    endpoints: endpointRecords(db),
    publications: publicationRecords(db),
    traces: traceRecords(db),
  }
}
