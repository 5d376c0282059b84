import { sql } from 'kysely'
import { isTerminal, type Run, type RunState } from '../../domain/run.ts'
import { jsonText, storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { RunChange } from '../records.ts'
import type { TrainingJobTable } from '../schema.ts'
import { addActions } from './actions.ts'
import { addEventsOfRuns, addStateChanges } from './run-log.ts'
import { attemptRow, isUuid } from './run-rows.ts'

/*
 * What transitions write, of many runs at once: as many statements for five hundred runs as for one.
 */

/** What a transition writes of the row, apart from the progress: column and type. */
const columns = {
  status: 'text',
  reason: 'text',
  message: 'text',
  error_message: 'text',
  verdict: 'text',
  attempt: 'integer',
  retry_count: 'integer',
  disruption_count: 'integer',
  spec_path: 'text',
  spec_line: 'integer',
  source_repository: 'text',
  source_commit: 'text',
  source_dirty: 'boolean',
  final_metrics: 'jsonb',
  tracker_run_id: 'text',
  waiting_since: 'jsonb',
  next_attempt_at: 'timestamptz',
  queued_at: 'timestamptz',
  started_at: 'timestamptz',
  completed_at: 'timestamptz',
} as const satisfies Partial<Record<keyof TrainingJobTable, string>>

const given = Object.entries(columns)
const givenTypes = sql.raw(given.map(([name, type]) => `${name} ${type}`).join(', '))
const givenColumns = sql.raw(given.map(([name]) => `${name} = given.${name}`).join(', '))

interface Before {
  readonly id: string
  readonly status: RunState
  readonly attempt: number
  readonly version: number
}

/**
 * Writes changes in the transaction of `db`.
 * @param changes of different runs
 * @returns of each whether it was written: false where the record has moved on since its version was read
 */
export async function applyChanges(db: Database, changes: readonly RunChange[]): Promise<readonly boolean[]> {
  const ids = changes.map(({ next }) => next.id).filter(isUuid)
  if (ids.length === 0) return changes.map(() => false)
  // The lock comes first: of two transitions that read one version the second finds another, and the ids of a run's events are given
  // out in the order in which they become visible. In the order of ids, so that no two writers wait for each other.
  const { rows } = await sql<Before>`
    select id, status, attempt, version from training_jobs where id = any(${ids}::uuid[]) order by id for update`.execute(
    db,
  )
  const before = new Map(rows.map((row) => [row.id, row]))
  const isCurrent = ({ next }: RunChange): boolean => before.get(next.id)?.version === next.version
  const applied = changes.filter(isCurrent)
  if (applied.length === 0) return changes.map(() => false)
  const runs = applied.map(({ next }) => next)
  await updateRows(db, runs, before)
  await putAttempts(db, runs)
  await addStateChanges(
    db,
    runs.flatMap((run) => {
      const { status, attempt } = before.get(run.id) as Before
      return status !== run.state || attempt !== run.attempt ? [{ run, from: status }] : []
    }),
  )
  await addEventsOfRuns(
    db,
    applied.flatMap(({ next, events }) => events.map((event) => ({ runId: next.id, event }))),
  )
  await addActions(
    db,
    applied.flatMap(({ actions }) => actions),
  )
  return changes.map(isCurrent)
}

/**
 * Heartbeats write the progress of a live attempt, and a transition that read the row before must not take it back. So while the attempt
 * goes on, a transition only fills what is missing; a new attempt begins with what the transition says; an end keeps the furthest.
 */
async function updateRows(db: Database, runs: readonly Run[], before: ReadonlyMap<string, Before>): Promise<void> {
  const rows = runs.map((run) => ({
    id: run.id,
    ...changedRow(run),
    progress: run.attempt !== before.get(run.id)?.attempt ? 'begins' : isTerminal(run.state) ? 'ends' : 'goes on',
    step: run.progress?.step ?? null,
    epoch: run.progress?.epoch ?? null,
    epochs: run.progress?.totalEpochs ?? null,
    percentage: run.progress?.percentage ?? null,
  }))
  const progress = (column: string, value: string) =>
    sql.raw(`${column} = case progress when 'begins' then given.${value}
      when 'ends' then greatest(job.${column}, given.${value}) else coalesce(job.${column}, given.${value}) end`)
  await sql`update training_jobs job set ${givenColumns},
      ${progress('current_step', 'step')}, ${progress('current_epoch', 'epoch')},
      ${progress('total_epochs', 'epochs')}, ${progress('progress_percentage', 'percentage')},
      updated_at = now(), version = job.version + 1
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as given (id uuid, ${givenTypes}, progress text, step bigint,
      epoch integer, epochs integer, percentage double precision)
    where job.id = given.id`.execute(db)
}

/** What may change of a row, apart from the progress. */
export function changedRow(run: Run) {
  return {
    status: run.state,
    reason: storableText(run.reason),
    message: storableText(run.message),
    error_message: run.state === 'FAILED' ? storableText(run.message) : null,
    verdict: run.verdict,
    attempt: run.attempt,
    retry_count: run.retryCount,
    disruption_count: run.disruptionCount,
    spec_path: run.specPath,
    spec_line: run.specLine,
    source_repository: run.sourceRepository,
    source_commit: run.sourceCommit,
    source_dirty: run.sourceDirty,
    final_metrics: run.finalMetrics,
    tracker_run_id: run.trackerRunId,
    waiting_since: run.waitingSince,
    next_attempt_at: run.nextAttemptAt,
    queued_at: run.queuedAt,
    started_at: run.startedAt,
    completed_at: run.completedAt,
  } satisfies Record<keyof typeof columns, unknown>
}

export async function putAttempts(db: Database, runs: readonly Run[]): Promise<void> {
  const rows = runs.flatMap((run) => run.attempts.map((one) => attemptRow(run.id, one)))
  if (rows.length === 0) return
  await sql`insert into training_job_attempts as stored
    (job_id, attempt, job_name, job_uid, state, failure_class, lease_granted_at, started_at, ended_at, disruptions,
     checkpoint_uri, evidence, retired_at, applied_revision, pods)
    select * from jsonb_to_recordset(${jsonText(rows)}::jsonb) as given
      (job_id uuid, attempt integer, job_name text, job_uid text, state text, failure_class text,
       lease_granted_at timestamptz, started_at timestamptz, ended_at timestamptz, disruptions integer,
       checkpoint_uri text, evidence jsonb, retired_at timestamptz, applied_revision text, pods jsonb)
    on conflict (job_id, attempt) do update set
      job_name = excluded.job_name, job_uid = excluded.job_uid, state = excluded.state,
      failure_class = excluded.failure_class, lease_granted_at = excluded.lease_granted_at,
      started_at = excluded.started_at, ended_at = excluded.ended_at, disruptions = excluded.disruptions,
      checkpoint_uri = excluded.checkpoint_uri, evidence = excluded.evidence, retired_at = excluded.retired_at,
      applied_revision = excluded.applied_revision, pods = excluded.pods
    where (stored.*) is distinct from (excluded.*)`.execute(db)
}
