import { sql } from 'kysely'
import type { Done, Heartbeat } from '../../domain/callback.ts'
import type { TrainerSaid } from '../../domain/observation.ts'
import type { RunState } from '../../domain/run.ts'
import { type CallbackKnowledge, callbackKey, decideCallbacks, type KnownPod } from '../callbacks/decide.ts'
import { callbackRows, normalised } from '../callbacks/rows.ts'
import { jsonText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { CallbackMessage, CallbackRecords } from '../records.ts'
import type { Writing } from '../writing.ts'
import { isUuid } from './run-rows.ts'

export function callbackRecords(db: Database, writing: Writing): CallbackRecords {
  return {
    store: async (messages) => {
      const batch = messages.map(normalised)
      // No row is locked for a batch that cannot belong to anybody.
      if (!batch.some((message) => isUuid(message.sender.runId))) return batch.map(() => 'unknown-run')
      return writing.transaction(async (transaction) => {
        const decided = decideCallbacks(batch, await knowledge(transaction, batch))
        await write(transaction, callbackRows(decided))
        return decided.map(({ outcome }) => outcome)
      })
    },
    said: async (runId) => (await said(db, [runId])).get(runId) ?? [],
    saidOf: (runIds) => said(db, runIds),
  }
}

/**
 * Locks the rows of the batch's runs (in the order of their ids, so that two batches cannot wait for each other) and reads what is known.
 * From here on nobody else stores a callback of these runs or gives out ids of their events.
 */
async function knowledge(db: Database, messages: readonly CallbackMessage[]): Promise<CallbackKnowledge> {
  const ids = [...new Set(messages.map(({ sender }) => sender.runId))].filter(isUuid)
  const runs = await sql<{ id: string; status: RunState; attempt: number }>`
    select id, status, attempt from training_jobs where id = any(${ids}::uuid[]) order by id for no key update`.execute(
    db,
  )
  const keys = messages.flatMap(({ kind, sender }) =>
    isUuid(sender.runId)
      ? [{ job_id: sender.runId, attempt: sender.attempt, kind, pod_uid: sender.podUid, sequence: sender.sequence }]
      : [],
  )
  // One row for each pod with its newest heartbeat, and for each key of the batch with the hash that is stored under it.
  const { rows } = await sql<KnownRow>`
    select 'pod' as kind, job_id, attempt, pod_uid, sequence, step, pod_number, null as body_hash
      from training_job_heartbeats where job_id = any(${ids}::uuid[])
    union all
    select stored.kind, stored.job_id, stored.attempt, stored.pod_uid, stored.sequence, null, null, stored.body_hash
      from jsonb_to_recordset(${jsonText(keys)}::jsonb) as given
        (job_id uuid, attempt integer, kind text, pod_uid text, sequence bigint)
      join callbacks stored on stored.job_id = given.job_id and stored.attempt = given.attempt
        and stored.kind = given.kind and stored.pod_uid = given.pod_uid and stored.sequence = given.sequence`.execute(
    db,
  )
  return {
    runs: new Map(runs.rows.map(({ id, status, attempt }) => [id, { state: status, attempt }])),
    hashes: new Map(rows.flatMap((row) => (row.kind === 'pod' ? [] : [[keyOf(row), row.body_hash ?? '']]))),
    pods: rows.flatMap((row) => (row.kind === 'pod' ? [podOf(row)] : [])),
  }
}

interface KnownRow {
  readonly kind: 'pod' | CallbackMessage['kind']
  readonly job_id: string
  readonly attempt: number
  readonly pod_uid: string
  readonly sequence: number
  readonly step: number | null
  readonly pod_number: number | null
  readonly body_hash: string | null
}

function podOf(row: KnownRow): KnownPod {
  return {
    runId: row.job_id,
    attempt: row.attempt,
    podUid: row.pod_uid,
    number: row.pod_number ?? 0,
    sequence: row.sequence,
    step: row.step ?? 0,
  }
}

function keyOf(row: KnownRow): string {
  const sender = { runId: row.job_id, attempt: row.attempt, podUid: row.pod_uid, sequence: row.sequence }
  return callbackKey({ kind: row.kind as CallbackMessage['kind'], sender })
}

/** Everything of a batch in one statement. Live columns are no part of a run's version: heartbeats never make a transition start over. */
async function write(db: Database, rows: ReturnType<typeof callbackRows>): Promise<void> {
  if (rows.callbacks.length === 0) return
  await sql`with
    kept as (insert into callbacks (job_id, attempt, pod_uid, kind, sequence, body_hash, outcome, body, received_at)
      select * from jsonb_to_recordset(${jsonText(rows.callbacks)}::jsonb) as given (job_id uuid, attempt integer,
        pod_uid text, kind text, sequence bigint, body_hash text, outcome text, body jsonb, received_at timestamptz)),
    measured as (insert into metrics (workflow_id, attempt, epoch, step, train_loss, train_accuracy, val_loss,
        val_accuracy, gpu_utilization, memory_usage_gb, extra_metrics, recorded_at)
      select * from jsonb_to_recordset(${jsonText(rows.metrics)}::jsonb) as given (workflow_id uuid, attempt integer,
        epoch integer, step bigint, train_loss double precision, train_accuracy double precision,
        val_loss double precision, val_accuracy double precision, gpu_utilization double precision,
        memory_usage_gb double precision, extra_metrics jsonb, recorded_at timestamptz)),
    told as (insert into training_job_events (job_id, attempt, source, type, reason, message, step, details, recorded_at)
      select job_id, attempt, 'trainer', type, reason, message, step, details, recorded_at
      from jsonb_to_recordset(${jsonText(rows.events)}::jsonb) as given (job_id uuid, attempt integer, type text,
        reason text, message text, step bigint, details jsonb, recorded_at timestamptz)),
    heard as (insert into training_job_heartbeats (job_id, attempt, pod_uid, pod_number, sequence, step, body, received_at)
      select * from jsonb_to_recordset(${jsonText(rows.heartbeats)}::jsonb) as given (job_id uuid, attempt integer,
        pod_uid text, pod_number integer, sequence bigint, step bigint, body jsonb, received_at timestamptz)
      on conflict (job_id, attempt, pod_uid) do update set sequence = excluded.sequence, step = excluded.step,
        body = excluded.body, received_at = excluded.received_at)
    update training_jobs job set
      current_step = live.step,
      current_epoch = coalesce(live.epoch, job.current_epoch),
      total_epochs = coalesce(live.total_epochs, job.total_epochs),
      progress_percentage = coalesce(live.percentage, job.progress_percentage),
      updated_at = now()
    from jsonb_to_recordset(${jsonText(rows.progress)}::jsonb) as live
      (job_id uuid, step bigint, epoch integer, total_epochs integer, percentage double precision)
    where job.id = live.job_id`.execute(db)
}

async function said(db: Database, runIds: readonly string[]): Promise<ReadonlyMap<string, readonly TrainerSaid[]>> {
  const ids = runIds.filter(isUuid)
  const found = new Map<string, TrainerSaid[]>()
  if (ids.length === 0) return found
  const { rows } = await sql<SaidRow>`
    select attempts.job_id, attempts.attempt, done.body as done, done.received_at as done_at,
      heartbeat.body as heartbeat, heartbeat.received_at as heartbeat_at, checkpoint.uri as checkpoint_uri
    from (
      select job_id, attempt from training_job_heartbeats where job_id = any(${ids}::uuid[])
      union select job_id, attempt from callbacks where job_id = any(${ids}::uuid[]) and kind <> 'heartbeat'
    ) as attempts
    left join lateral (
      select body, received_at from callbacks
      where job_id = attempts.job_id and attempt = attempts.attempt and kind = 'done'
      order by body ->> 'outcome' = 'SUCCEEDED' desc, received_at desc, sequence desc limit 1
    ) as done on true
    left join lateral (
      select body, received_at from training_job_heartbeats
      where job_id = attempts.job_id and attempt = attempts.attempt order by pod_number desc limit 1
    ) as heartbeat on true
    left join lateral (
      select details ->> 'uri' as uri from training_job_events
      where job_id = attempts.job_id and attempt = attempts.attempt and source = 'trainer' and type = 'checkpoint'
        and details ->> 'uri' is not null
      order by step desc nulls last, id desc limit 1
    ) as checkpoint on true
    order by attempts.job_id, attempts.attempt`.execute(db)
  for (const row of rows) found.set(row.job_id, [...(found.get(row.job_id) ?? []), saidBy(row)])
  return found
}

function saidBy(row: SaidRow): TrainerSaid {
  return {
    attempt: row.attempt,
    done: row.done === null || row.done_at === null ? null : { ...row.done, at: row.done_at },
    lastHeartbeat:
      row.heartbeat === null || row.heartbeat_at === null ? null : { ...row.heartbeat, at: row.heartbeat_at },
    checkpointUri: row.checkpoint_uri,
  }
}

interface SaidRow {
  readonly job_id: string
  readonly attempt: number
  readonly done: Done | null
  readonly done_at: Date | null
  readonly heartbeat: Heartbeat | null
  readonly heartbeat_at: Date | null
  readonly checkpoint_uri: string | null
}
