import type { Json, JsonObject } from '../../domain/canonical.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import { jsonText, storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { NewRun } from '../records.ts'

/**
 * Keeps what runs were asked to do: the searchable columns of `workflow_configs` and the whole of it in `training_configs`.
 * @param projects their ids by name
 */
export async function addConfigurations(
  db: Database,
  added: readonly Pick<NewRun, 'run' | 'plan'>[],
  projects: ReadonlyMap<string, string>,
): Promise<void> {
  const idOf = ({ run }: Pick<NewRun, 'run'>): string => projects.get(run.project) as string
  const datasets = new Map<string, string | null>()
  for (const one of added) {
    const key = JSON.stringify([idOf(one), one.plan.training['dataset']])
    if (!datasets.has(key)) datasets.set(key, await datasetId(db, idOf(one), one.plan.training['dataset']))
  }
  await db
    .insertInto('workflow_configs')
    .values(
      added.map((one) => {
        const dataset = datasets.get(JSON.stringify([idOf(one), one.plan.training['dataset']])) ?? null
        return searchableRow(one.run.id, one.plan, dataset)
      }),
    )
    .execute()
  await db
    .insertInto('training_configs')
    .values(
      added.map(({ run, plan }) => ({
        workflow_id: run.id,
        config: jsonText({ ...plan.training, resources: plan.resources }),
        plan: jsonText(plan),
      })),
    )
    .execute()
  for (const project of [...new Set(added.map(idOf))].sort()) {
    const runs = added.filter((one) => idOf(one) === project).length
    await db
      .updateTable('projects')
      .set((column) => ({ workflow_count: column('workflow_count', '+', runs) }))
      .where('id', '=', project)
      .execute()
  }
}

function searchableRow(runId: string, plan: TrainingPlan, dataset: string | null) {
  const { task, model, training } = plan.training
  return {
    workflow_id: runId,
    task_type: textAt(task, 'type'),
    model_name: textAt(model, 'name'),
    model_source: textAt(model, 'source'),
    dataset_id: dataset,
    num_classes: numberAt(task, 'numClasses'),
    class_names: textsAt(task, 'classNames'),
    hyperparameters: jsonText(isObject(training) ? training : {}),
    required_gpu_count: plan.resources.gpus * plan.nodes,
    required_memory_gb: Math.ceil(plan.resources.memoryRequestBytes / 2 ** 30),
  }
}

/** The id of the dataset that a plan names with its place; null where it names none. */
async function datasetId(db: Database, project: string, dataset: Json | undefined): Promise<string | null> {
  const name = textAt(dataset, 'ref') ?? textAt(dataset, 'name')
  const path = textAt(dataset, 'uri')
  if (name === null || path === null) return null
  const given = {
    storage_path: path,
    format: textAt(dataset, 'format') ?? 'unknown',
    digest: textAt(dataset, 'digest'),
  }
  const row = await db
    .insertInto('datasets')
    .values({ project_id: project, name, size_bytes: numberAt(dataset, 'sizeBytes'), ...given })
    .onConflict((conflict) => conflict.columns(['project_id', 'name']).doUpdateSet(given))
    .returning('id')
    .executeTakeFirstOrThrow()
  const linked = await db
    .insertInto('project_datasets')
    .values({ project_id: project, dataset_id: row.id })
    .onConflict((conflict) => conflict.columns(['project_id', 'dataset_id']).doNothing())
    .returning('dataset_id')
    .executeTakeFirst()
  if (linked !== undefined)
    await db
      .updateTable('projects')
      .set((column) => ({ dataset_count: column('dataset_count', '+', 1) }))
      .where('id', '=', project)
      .execute()
  return row.id
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textAt(value: Json | undefined, key: string): string | null {
  const found = isObject(value) ? value[key] : undefined
  return typeof found === 'string' ? storableText(found) : null
}

function numberAt(value: Json | undefined, key: string): number | null {
  const found = isObject(value) ? value[key] : undefined
  return typeof found === 'number' && Number.isSafeInteger(found) ? found : null
}

function textsAt(value: Json | undefined, key: string): readonly string[] | null {
  const found = isObject(value) ? value[key] : undefined
  if (!Array.isArray(found)) return null
  return found.filter((one): one is string => typeof one === 'string').map(storableText)
}
