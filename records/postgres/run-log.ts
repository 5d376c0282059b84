import { sql } from 'kysely'
import type { RunEvent } from '../../domain/action.ts'
import type { Run, RunState } from '../../domain/run.ts'
import { jsonText, storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { MetricPoint, RunRecords, StateChange, StoredRunEvent } from '../records.ts'
import { isUuid } from './run-rows.ts'

const pageMax = 1000

/** What is kept of a run's course: its states, its events, its metrics. */
export function runLog(db: Database): Pick<RunRecords, 'history' | 'events' | 'metrics'> {
  return {
    history: async (id) => (isUuid(id) ? history(db, id) : []),
    events: async (id, after, limit) => (isUuid(id) ? events(db, id, after, limit) : []),
    metrics: async (id, after, limit) => (isUuid(id) ? metrics(db, id, after, limit) : []),
  }
}

async function history(db: Database, id: string): Promise<readonly StateChange[]> {
  const rows = await db
    .selectFrom('training_job_transitions')
    .selectAll()
    .where('job_id', '=', id)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    from: row.from_status,
    to: row.to_status,
    reason: row.reason,
    message: row.message,
    attempt: row.attempt,
    at: row.recorded_at,
  }))
}

async function events(db: Database, id: string, after: number, limit: number): Promise<readonly StoredRunEvent[]> {
  const rows = await db
    .selectFrom('training_job_events')
    .selectAll()
    .where('job_id', '=', id)
    .where('id', '>', after)
    .orderBy('id')
    .limit(bounded(limit))
    .execute()
  return rows.map((row) => ({
    id: row.id,
    type: row.type,
    reason: row.reason,
    message: row.message,
    attempt: row.attempt,
    details: row.details,
    at: row.recorded_at,
  }))
}

async function metrics(db: Database, id: string, after: number, limit: number): Promise<readonly MetricPoint[]> {
  const rows = await db
    .selectFrom('metrics')
    .selectAll()
    .where('workflow_id', '=', id)
    .where('id', '>', after)
    .orderBy('id')
    .limit(bounded(limit))
    .execute()
  return rows.map((row) => ({
    id: row.id,
    attempt: row.attempt,
    source: row.source,
    epoch: row.epoch,
    step: row.step,
    trainLoss: row.train_loss,
    trainAccuracy: row.train_accuracy,
    validationLoss: row.val_loss,
    validationAccuracy: row.val_accuracy,
    gpuUtilization: row.gpu_utilization,
    memoryUsageGb: row.memory_usage_gb,
    extra: row.extra_metrics ?? {},
    at: row.recorded_at,
  }))
}

/** In the order in which they are given. */
export async function addStateChanges(
  db: Database,
  changes: readonly { readonly run: Run; readonly from: RunState | null }[],
): Promise<void> {
  if (changes.length === 0) return
  const rows = changes.map(({ run, from }) => ({
    job_id: run.id,
    from_status: from,
    to_status: run.state,
    reason: storableText(run.reason),
    message: storableText(run.message),
    attempt: run.attempt,
  }))
  await sql`insert into training_job_transitions (job_id, from_status, to_status, reason, message, attempt)
    select * from jsonb_to_recordset(${jsonText(rows)}::jsonb) as given
      (job_id uuid, from_status text, to_status text, reason text, message text, attempt integer)`.execute(db)
}

/** In the order in which they are given. */
export async function addEventsOfRuns(
  db: Database,
  events: readonly { readonly runId: string; readonly event: RunEvent }[],
): Promise<void> {
  if (events.length === 0) return
  const rows = events.map(({ runId, event: { type, reason, message, attempt, details } }) => ({
    job_id: runId,
    ...{ type, reason, message, attempt, details },
  }))
  await sql`insert into training_job_events (job_id, attempt, source, type, reason, message, details)
    select job_id, attempt, 'reconciler', type, reason, message, details
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as given
      (job_id uuid, attempt integer, type text, reason text, message text, details jsonb)`.execute(db)
}

function bounded(limit: number): number {
  return Math.max(0, Math.min(Math.trunc(limit), pageMax))
}
