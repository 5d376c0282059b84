import { sql } from 'kysely'
import type { RunEvent } from '../../domain/action.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Run } from '../../domain/run.ts'
import { jsonText, jsonTextOrNull } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { RunQuery, RunRecords } from '../records.ts'
import type { Writing } from '../writing.ts'
import { applyChanges, changedRow, putAttempts } from './run-changes.ts'
import { addConfiguration, projectId } from './run-configs.ts'
import { addEvents, addStateChange, runLog } from './run-log.ts'
import { isUuid, runOf, selectRuns } from './run-rows.ts'

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
  const applyAll: RunRecords['applyAll'] = async (changes) =>
    changes.length === 0 ? [] : writing.transaction((transaction) => applyChanges(transaction, changes))
  return {
    ...runLog(db),
    get: async (id) => (await getMany([id]))[0],
    getMany,
    list: (query) => list(db, query),
    openIds: () => openIds(db),
    create: (run, plan, event) => writing.transaction((transaction) => create(transaction, run, plan, event)),
    plan: async (id) => (await storedPlans(db, [id])).get(id),
    plans: (ids) => storedPlans(db, ids),
    apply: async (change) => (await applyAll([change]))[0] ?? false,
    applyAll,
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
      ...changedRow(run),
      final_metrics: jsonTextOrNull(run.finalMetrics),
      waiting_since: jsonText(run.waitingSince),
      current_step: run.progress?.step ?? null,
      current_epoch: run.progress?.epoch ?? null,
      total_epochs: run.progress?.totalEpochs ?? null,
      progress_percentage: run.progress?.percentage ?? null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (added === undefined) return false
  await putAttempts(db, [run])
  await addConfiguration(db, run, plan, project)
  await addStateChange(db, run, null)
  await addEvents(db, run.id, [event])
  return true
}
