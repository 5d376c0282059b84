import { jsonText, jsonTextOrNull } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { NewRun } from '../records.ts'
import { changedRow, putAttempts } from './run-changes.ts'
import { projectIds } from './projects.ts'
import { addConfigurations } from './run-configs.ts'
import { addEventsOfRuns, addStateChanges } from './run-log.ts'

/*
 * Runs that the ledger has and the records lack: as many statements for two hundred of them as for one.
 */

/**
 * Adds runs in the transaction of `db`.
 * @param given different runs
 * @returns ids of those that were not there
 */
export async function createRuns(db: Database, given: readonly NewRun[]): Promise<ReadonlySet<string>> {
  // In the order of ids, so that no two writers wait for each other.
  const inOrder = [...given].sort((left, right) => (left.run.id < right.run.id ? -1 : 1))
  const projects = await projectIds(
    db,
    inOrder.map(({ run }) => run.project),
  )
  const added = await db
    .insertInto('training_jobs')
    .values(inOrder.map((one) => rowOf(one, projects.get(one.run.project) as string)))
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute()
  const ids = new Set(added.map(({ id }) => id))
  const fresh = given.filter(({ run }) => ids.has(run.id))
  if (fresh.length === 0) return ids
  const runs = fresh.map(({ run }) => run)
  await putAttempts(db, runs)
  await addConfigurations(db, fresh, projects)
  await addStateChanges(
    db,
    runs.map((run) => ({ run, from: null })),
  )
  await addEventsOfRuns(
    db,
    fresh.map(({ run, event }) => ({ runId: run.id, event })),
  )
  return ids
}

function rowOf({ run, plan }: NewRun, project: string) {
  return {
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
  }
}
