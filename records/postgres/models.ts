import { sql } from 'kysely'
import { uuid5 } from '../../domain/canonical.ts'
import type { LedgerModelVersion } from '../../domain/ledger.ts'
import { runNamespace } from '../../domain/names.ts'
import { jsonText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { ModelRecords, ModelVersion } from '../records.ts'
import type { Writing } from '../writing.ts'
import { projectId } from './projects.ts'

const listMax = 10_000

export function modelRecords(db: Database, writing: Writing): ModelRecords {
  return {
    absorb: (project, model, family, versions, registeredAt) =>
      writing.transaction(async (transaction) => {
        const entry = await modelEntryId(transaction, await projectId(transaction, project), model, family)
        return addVersions(transaction, { entry, name: `${project}/${model}` }, versions, registeredAt ?? null)
      }),
    list: async ({ project, model }) => {
      let select = db
        .selectFrom('model_versions')
        .innerJoin('model_catalog_entries', 'model_catalog_entries.id', 'model_versions.model_entry_id')
        .innerJoin('projects', 'projects.id', 'model_catalog_entries.project_id')
        .leftJoin('model_registry_versions', 'model_registry_versions.model_version_id', 'model_versions.id')
        .selectAll('model_versions')
        .select(['model_catalog_entries.name as model', 'projects.name as project'])
        .select([
          'model_registry_versions.name as registry_name',
          'model_registry_versions.version as registry_version',
        ])
        .select('model_registry_versions.url as registry_url')
      if (project !== undefined) select = select.where('projects.name', '=', project)
      if (model !== undefined) select = select.where('model_catalog_entries.name', '=', model)
      const rows = await select
        .orderBy('projects.name')
        .orderBy('model_catalog_entries.name')
        .orderBy('model_versions.version')
        .limit(listMax)
        .execute()
      return rows.map((row): ModelVersion => ({
        id: row.id,
        project: row.project,
        model: row.model,
        version: row.version,
        digest: row.digest,
        uri: row.artifact_path,
        sizeBytes: row.size_bytes,
        stage: row.stage,
        run: { id: row.run_id, attempt: row.run_attempt, environment: row.run_environment },
        framework: row.framework,
        hyperparameters: row.hyperparameters,
        metrics: row.metrics,
        createdAt: row.created_at,
        registry:
          row.registry_name === null
            ? null
            : { name: row.registry_name, version: row.registry_version ?? '', url: row.registry_url ?? '' },
      }))
    },
    mirrored: async ({ project, model, version }, { name, version: number, url }) => {
      await writing.statement((one) =>
        sql`insert into model_registry_versions (model_version_id, registry, name, version, url)
          select model_versions.id, 'mlflow', ${name}, ${number}, ${url} from model_versions
            join model_catalog_entries on model_catalog_entries.id = model_entry_id
            join projects on projects.id = project_id
          where projects.name = ${project} and model_catalog_entries.name = ${model}
            and model_versions.version = ${version}
          on conflict (model_version_id) do update set name = excluded.name, version = excluded.version,
            url = excluded.url, mirrored_at = now()
            where (model_registry_versions.name, model_registry_versions.version, model_registry_versions.url)
              <> (excluded.name, excluded.version, excluded.url)`.execute(one),
      )
    },
  }
}

/** The id of a model's catalogue entry, which is added where it is new; its family is written where one is given. */
export async function modelEntryId(
  db: Database,
  project: string,
  model: string,
  family: string | null,
): Promise<string> {
  const find = () =>
    db
      .selectFrom('model_catalog_entries')
      .select(['id', 'family'])
      .where('project_id', '=', project)
      .where('name', '=', model)
  const known = await find().executeTakeFirst()
  if (known === undefined) {
    await db
      .insertInto('model_catalog_entries')
      .values({ project_id: project, name: model, family, deleted_at: null })
      .onConflict((conflict) => conflict.columns(['project_id', 'name']).doNothing())
      .execute()
    return (await find().executeTakeFirstOrThrow()).id
  }
  if (family !== null && known.family !== family)
    await db
      .updateTable('model_catalog_entries')
      .set({ family, updated_at: sql<Date>`now()` })
      .where('id', '=', known.id)
      .execute()
  return known.id
}

async function addVersions(
  db: Database,
  { entry, name }: { readonly entry: string; readonly name: string },
  versions: readonly LedgerModelVersion[],
  registeredAt: Date | null,
): Promise<number> {
  if (versions.length === 0) return 0
  const rows = versions.map((one) => ({
    // The same after the records were lost and made anew: people keep it.
    id: uuid5(runNamespace, `model version ${name} ${one.digest}`),
    version: one.version,
    digest: one.digest,
    artifact_path: one.uri,
    size_bytes: one.sizeBytes,
    stage: one.stage,
    framework: one.framework,
    hyperparameters: one.hyperparameters,
    metrics: one.metrics,
    run_id: one.run.id,
    run_attempt: one.run.attempt,
    run_environment: one.run.environment,
  }))
  const added = await sql<{ version: number }>`
    insert into model_versions (model_entry_id, id, version, digest, artifact_path, size_bytes, stage, framework,
      hyperparameters, metrics, run_id, run_attempt, run_environment, created_at)
    select ${entry}::uuid, given.*, coalesce(${registeredAt}::timestamptz, now()) from jsonb_to_recordset(${jsonText(rows)}::jsonb) as given
      (id uuid, version integer, digest text, artifact_path text, size_bytes bigint, stage text, framework text,
       hyperparameters jsonb, metrics jsonb, run_id uuid, run_attempt integer, run_environment text)
    on conflict do nothing returning version`.execute(db)
  // All of a version stays as it came, but the stage that people move it to.
  await sql`
    update model_versions set stage = given.stage, updated_at = now()
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as given (digest text, stage text)
    where model_entry_id = ${entry}::uuid and model_versions.digest = given.digest
      and model_versions.stage <> given.stage`.execute(db)
  return added.rows.length
}
