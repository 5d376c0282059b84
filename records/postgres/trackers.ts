import { type Selectable, sql } from 'kysely'
import type { RunEvent } from '../../domain/action.ts'
import type { TrackedArtifact, TrackedPoint, TrackerLink } from '../../domain/tracker.ts'
import { jsonText, storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { TrackerRecords } from '../records.ts'
import type { TrackerRunTable } from '../schema.ts'
import type { Writing } from '../writing.ts'
import { addEventsOfRuns } from './run-log.ts'
import { isUuid } from './run-rows.ts'

export function trackerRecords(db: Database, writing: Writing): TrackerRecords {
  return {
    put: (link, history, events) => writing.transaction((transaction) => put(transaction, link, history, events)),
    tell: (runId, event) =>
      writing.transaction(async (transaction) => {
        if (await lockRun(transaction, runId)) await addEventsOfRuns(transaction, [{ runId, event }])
      }),
    of: async (runIds) => {
      const known = runIds.filter(isUuid)
      if (known.length === 0) return []
      const rows = await db
        .selectFrom('training_job_tracker_runs')
        .selectAll()
        .where(sql<boolean>`job_id = any(${known}::uuid[])`)
        .orderBy('job_id')
        .orderBy('attempt')
        .execute()
      return rows.map(linkOf)
    },
  }
}

async function put(
  db: Database,
  link: TrackerLink,
  history: readonly TrackedPoint[] | null,
  events: readonly RunEvent[],
): Promise<boolean> {
  if (!(await lockRun(db, link.runId))) return false
  await sql`insert into training_job_tracker_runs as stored (job_id, attempt, tracker, tracker_run_id, url, experiment,
      found_by, status, closed_as, started_at, ended_at, params, metrics, artifact_uri, artifacts, incomplete)
    select * from jsonb_to_record(${jsonText(rowOf(link))}::jsonb) as given (job_id uuid, attempt integer, tracker text,
      tracker_run_id text, url text, experiment text, found_by text, status text, closed_as text,
      started_at timestamptz, ended_at timestamptz, params jsonb, metrics jsonb, artifact_uri text, artifacts jsonb,
      incomplete jsonb)
    on conflict (job_id, attempt) do update set
      tracker = excluded.tracker, tracker_run_id = excluded.tracker_run_id, url = excluded.url,
      experiment = excluded.experiment, found_by = excluded.found_by, status = excluded.status,
      -- That we closed it stays true when it is read again.
      closed_as = case when stored.tracker_run_id = excluded.tracker_run_id
        then coalesce(excluded.closed_as, stored.closed_as) else excluded.closed_as end,
      started_at = excluded.started_at, ended_at = excluded.ended_at, params = excluded.params,
      metrics = excluded.metrics, artifact_uri = excluded.artifact_uri, artifacts = excluded.artifacts,
      incomplete = excluded.incomplete, updated_at = now()`.execute(db)
  // The version counts it: a transition that read the row before must not write the old id back.
  await sql`update training_jobs set tracker_run_id = ${storableText(link.trackerRunId)}, updated_at = now(),
      version = version + 1
    where id = ${link.runId}::uuid and attempt = ${link.attempt}
      and tracker_run_id is distinct from ${storableText(link.trackerRunId)}`.execute(db)
  if (history !== null) await replaceHistory(db, link, history)
  await addEventsOfRuns(
    db,
    events.map((event) => ({ runId: link.runId, event })),
  )
  return true
}

/** From here on nobody else gives out ids of this run's events and metrics. */
async function lockRun(db: Database, runId: string): Promise<boolean> {
  if (!isUuid(runId)) return false
  const { rows } = await sql`select from training_jobs where id = ${runId}::uuid for no key update`.execute(db)
  return rows.length > 0
}

async function replaceHistory(db: Database, link: TrackerLink, history: readonly TrackedPoint[]): Promise<void> {
  await sql`delete from metrics where workflow_id = ${link.runId}::uuid and attempt = ${link.attempt}
    and source = 'tracker'`.execute(db)
  if (history.length === 0) return
  await sql`insert into metrics (workflow_id, attempt, source, epoch, step, train_loss, train_accuracy, val_loss,
      val_accuracy, extra_metrics, recorded_at)
    select ${link.runId}::uuid, ${link.attempt}, 'tracker', given.* from jsonb_to_recordset(${jsonText(history.map(pointRow))}::jsonb)
      as given (epoch integer, step bigint, train_loss double precision, train_accuracy double precision,
        val_loss double precision, val_accuracy double precision, extra_metrics jsonb, recorded_at timestamptz)`.execute(
    db,
  )
}

/** Names under which trackers know what has a column of its own here; everything else keeps its name. */
const columns: Readonly<Record<string, 'train_loss' | 'train_accuracy' | 'val_loss' | 'val_accuracy' | 'epoch'>> = {
  loss: 'train_loss',
  train_loss: 'train_loss',
  accuracy: 'train_accuracy',
  train_accuracy: 'train_accuracy',
  val_loss: 'val_loss',
  eval_loss: 'val_loss',
  validation_loss: 'val_loss',
  val_accuracy: 'val_accuracy',
  eval_accuracy: 'val_accuracy',
  validation_accuracy: 'val_accuracy',
  epoch: 'epoch',
}

const integerMax = 2 ** 31 - 1

/** A point as `jsonb_to_recordset` reads it. Of two names for one column the first in the alphabet gets it, the other keeps its name. */
export function pointRow({ step, values, at }: TrackedPoint): Readonly<Record<string, unknown>> {
  const named: Record<string, number> = {}
  const extra: [string, number][] = []
  for (const [name, value] of Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1))) {
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined
    const fits = column !== 'epoch' || (Number.isInteger(value) && Math.abs(value) <= integerMax)
    if (column !== undefined && fits && named[column] === undefined) named[column] = value
    else extra.push([name, value])
  }
  return { ...named, step, extra_metrics: Object.fromEntries(extra), recorded_at: at }
}

function rowOf(link: TrackerLink): Readonly<Record<string, unknown>> {
  return {
    job_id: link.runId,
    attempt: link.attempt,
    tracker: link.kind,
    tracker_run_id: link.trackerRunId,
    url: link.url,
    experiment: link.experiment,
    found_by: link.foundBy,
    status: link.status,
    closed_as: link.closedAs,
    started_at: link.startedAt,
    ended_at: link.endedAt,
    params: link.params,
    metrics: link.metrics,
    artifact_uri: link.artifactUri,
    artifacts: link.artifacts,
    incomplete: link.incomplete,
  }
}

function linkOf(row: Selectable<TrackerRunTable>): TrackerLink {
  return {
    runId: row.job_id,
    attempt: row.attempt,
    kind: row.tracker,
    trackerRunId: row.tracker_run_id,
    url: row.url,
    experiment: row.experiment,
    foundBy: row.found_by,
    status: row.status,
    closedAs: row.closed_as,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    params: row.params,
    metrics: row.metrics,
    artifactUri: row.artifact_uri,
    artifacts: row.artifacts as readonly TrackedArtifact[],
    incomplete: row.incomplete as readonly string[],
  }
}
