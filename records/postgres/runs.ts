import { sql, type Updateable } from 'kysely'
import type { RunEvent } from '../../domain/action.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { isTerminal, type Run, type RunState } from '../../domain/run.ts'
import { jsonText, jsonTextOrNull, storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { RunChange, RunQuery, RunRecords } from '../records.ts'
import type { TrainingJobTable } from '../schema.ts'
import type { Writing } from '../writing.ts'
import { addActions } from './actions.ts'
import { addConfiguration, projectId } from './run-configs.ts'
import { addEvents, addStateChange, runLog } from './run-log.ts'
import { attemptRow, isUuid, runOf, selectRuns } from './run-rows.ts'

const pageMax = 500
const pageDefault = 100

export function runRecords(db: Database, writing: Writing): RunRecords {
  const getMany = async (ids: readonly string[]) => {
    const known = ids.filter(isUuid)
    if (known.length === 0) return []
    const rows = await selectRuns(db)
      .where(sql<boolean>`job.id = any(${known}::uuid[])`)
      .execute()
    return rows.map(runOf)
  }
  return {
    ...runLog(db),
    get: async (id) => (await getMany([id]))[0],
    getMany,
    list: (query) => list(db, query),
    openIds: () => openIds(db),
    create: (run, plan, event) => writing.transaction((transaction) => create(transaction, run, plan, event)),
    plan: async (id) => (await storedPlans(db, [id])).get(id),
    plans: (ids) => storedPlans(db, ids),
    apply: (change) => writing.transaction((transaction) => apply(transaction, change)),
  }
}

async function list(db: Database, query: RunQuery): Promise<readonly Run[]> {
  if (query.after !== undefined && !isUuid(query.after)) return []
  let select = selectRuns(db).where('job.deleted_at', 'is', null)
  if (query.environment !== undefined) select = select.where('job.environment', '=', query.environment)
  if (query.name !== undefined) select = select.where('job.name', '=', query.name)
  if (query.states !== undefined) select = select.where(sql<boolean>`job.status = any(${[...query.states]}::text[])`)
  if (query.project !== undefined)
    select = select.where(sql<boolean>`job.project_id = (select id from projects where name = ${query.project})`)
  if (query.after !== undefined)
    select = select.where(sql<boolean>`(job.created_at, job.id) <
      (select last.created_at, last.id from training_jobs last where last.id = ${query.after}::uuid)`)
  const rows = await select
    .orderBy('job.created_at', 'desc')
    .orderBy('job.id', 'desc')
    .limit(Math.max(0, Math.min(query.limit ?? pageDefault, pageMax)))
    .execute()
  return rows.map(runOf)
}

async function openIds(db: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from training_jobs where status in ('PENDING', 'QUEUED', 'RUNNING')
    union select job_id from training_job_attempts where retired_at is null
    order by id`.execute(db)
  return rows.map(({ id }) => id)
}

async function storedPlans(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, TrainingPlan>> {
  const known = ids.filter(isUuid)
  if (known.length === 0) return new Map()
  const { rows } = await sql<{ id: string; plan: TrainingPlan }>`
    select distinct on (workflow_id) workflow_id as id, plan from training_configs
    where workflow_id = any(${known}::uuid[]) order by workflow_id, version desc`.execute(db)
  return new Map(rows.map(({ id, plan }) => [id, plan]))
}

async function create(db: Database, run: Run, plan: TrainingPlan, event: RunEvent): Promise<boolean> {
  const project = await projectId(db, run.project)
  const added = await db
    .insertInto('training_jobs')
    .values({
      id: run.id,
      trace_id: run.traceId,
      project_id: project,
      environment: run.environment,
      name: run.name,
      description: null,
      digest: run.digest,
      max_retries: plan.retry.maxRetries,
      allocated_gpu_type: plan.resources.gpuType,
      allocated_gpu_count: plan.resources.gpus * plan.nodes,
      created_at: run.createdAt,
      version: run.version,
      deleted_at: null,
      condensed_at: null,
      ...ordinaryColumns(run),
      current_step: run.progress?.step ?? null,
      current_epoch: run.progress?.epoch ?? null,
      total_epochs: run.progress?.totalEpochs ?? null,
      progress_percentage: run.progress?.percentage ?? null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (added === undefined) return false
  await putAttempts(db, run)
  await addConfiguration(db, run, plan, project)
  await addStateChange(db, run, null)
  await addEvents(db, run.id, [event])
  return true
}

async function apply(db: Database, { next, events, actions }: RunChange): Promise<boolean> {
  if (!isUuid(next.id)) return false
  // The lock comes first: of two transitions that read one version the second finds another, and the ids of a run's events are given
  // out in the order in which they become visible.
  const before = await db
    .selectFrom('training_jobs')
    .select(['status', 'attempt', 'version'])
    .where('id', '=', next.id)
    .forUpdate()
    .executeTakeFirst()
  if (before === undefined || before.version !== next.version) return false
  await db
    .updateTable('training_jobs')
    .set({ ...ordinaryColumns(next), updated_at: sql<Date>`now()`, version: sql<number>`version + 1` })
    .set(progressColumns(next, before.attempt))
    .where('id', '=', next.id)
    .execute()
  await putAttempts(db, next)
  if (before.status !== next.state || before.attempt !== next.attempt) await addStateChange(db, next, before.status)
  await addEvents(db, next.id, events)
  await addActions(db, actions)
  return true
}

/** What a transition writes of the row, apart from the progress. */
function ordinaryColumns(run: Run) {
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
    final_metrics: jsonTextOrNull(run.finalMetrics),
    tracker_run_id: run.trackerRunId,
    waiting_since: jsonText(run.waitingSince),
    next_attempt_at: run.nextAttemptAt,
    queued_at: run.queuedAt,
    started_at: run.startedAt,
    completed_at: run.completedAt,
  }
}

/**
 * Heartbeats write the progress of a live attempt, and a transition that read the row before must not take it back. So while the attempt
 * goes on, a transition only fills what is missing; a new attempt begins with what the transition says; an end keeps the furthest.
 */
function progressColumns(next: Run, attemptBefore: number): Updateable<TrainingJobTable> {
  const { step = null, epoch = null, totalEpochs = null, percentage = null } = next.progress ?? {}
  if (next.attempt !== attemptBefore)
    return { current_step: step, current_epoch: epoch, total_epochs: totalEpochs, progress_percentage: percentage }
  const choose = sql.raw(isTerminal(next.state satisfies RunState) ? 'greatest' : 'coalesce')
  return {
    current_step: sql<number>`${choose}(current_step, ${step}::bigint)`,
    current_epoch: sql<number>`${choose}(current_epoch, ${epoch}::integer)`,
    total_epochs: sql<number>`${choose}(total_epochs, ${totalEpochs}::integer)`,
    progress_percentage: sql<number>`${choose}(progress_percentage, ${percentage}::double precision)`,
  } as unknown as Updateable<TrainingJobTable>
}

async function putAttempts(db: Database, run: Run): Promise<void> {
  if (run.attempts.length === 0) return
  await sql`insert into training_job_attempts as stored
    (job_id, attempt, job_name, job_uid, state, failure_class, lease_granted_at, started_at, ended_at, disruptions,
     checkpoint_uri, evidence, retired_at, applied_revision, pods)
    select * from jsonb_to_recordset(${jsonText(run.attempts.map((one) => attemptRow(run.id, one)))}::jsonb) as given
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
