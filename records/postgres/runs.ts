import { sql } from 'kysely'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Run } from '../../domain/run.ts'
import type { Database } from '../kysely.ts'
import type { RunQuery, RunRecords } from '../records.ts'
import type { Writing } from '../writing.ts'
import { applyChanges } from './run-changes.ts'
import { createRuns } from './run-creation.ts'
import { runLog } from './run-log.ts'
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
  const createAll: RunRecords['createAll'] = async (added) =>
    added.length === 0 ? new Set() : writing.transaction((transaction) => createRuns(transaction, added))
  return {
    ...runLog(db),
    get: async (id) => (await getMany([id]))[0],
    getMany,
    list: (query) => list(db, query),
    openIds: () => openIds(db),
    create: async (run, plan, event) => (await createAll([{ run, plan, event }])).has(run.id),
    createAll,
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
