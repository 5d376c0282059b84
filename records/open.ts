import { withFaults } from './faults.ts'
import { type Database, openKysely } from './kysely.ts'
import type { PoolLike } from './pool.ts'
import { actionRecords } from './postgres/actions.ts'
import { callbackRecords } from './postgres/callbacks.ts'
import { endpointRecords } from './postgres/endpoints.ts'
import { fenceRecords } from './postgres/fence.ts'
import { modelRecords } from './postgres/models.ts'
import { publicationRecords } from './postgres/publications.ts'
import { runRecords } from './postgres/runs.ts'
import { servingRecords } from './postgres/serving.ts'
import { traceRecords } from './postgres/traces.ts'
import { trackerRecords } from './postgres/trackers.ts'
import type { FenceToken, Records } from './records.ts'
import { retentionRecords } from './retention/apply.ts'
import { fencedWriting, openWriting } from './writing.ts'

/**
 * The records in a database whose schema is the newest (`migrate`, `checkSchema`). Holds nothing of its own: who opened the pool ends it.
 * Times that nobody hands in (of transitions, of events) are the database's, so that every process writes by one clock.
 * Every method throws Fault DATABASE_UNREACHABLE, DATABASE_FAILED, DATABASE_SCHEMA_OLD or DISK_FULL; what it was to write is then not written,
 * or (where the answer to a commit was lost) may be, and can be written again.
 */
export function openRecords(pool: PoolLike): Records {
  return recordsOf(openKysely(withFaults(pool)), undefined)
}

function recordsOf(db: Database, token: FenceToken | undefined): Records {
  const writing = token === undefined ? openWriting(db) : fencedWriting(db, token)
  const fence = fenceRecords(db, token)
  return {
    runs: runRecords(db, writing),
    actions: actionRecords(db, writing, fence),
    callbacks: callbackRecords(db, writing),
    trackers: trackerRecords(db, writing),
    models: modelRecords(db, writing),
    endpoints: endpointRecords(db, writing),
    serving: servingRecords(db, writing),
    publications: publicationRecords(db, writing),
    traces: traceRecords(db),
    retention: retentionRecords(db, writing),
    fence,
    fenced: (newer) => recordsOf(db, newer),
  }
}
