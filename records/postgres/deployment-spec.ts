import { sql } from 'kysely'
import type { JsonObject } from '../../domain/canonical.ts'
import type { Endpoint } from '../../domain/endpoint.ts'
import type { Database } from '../kysely.ts'

/**
 * The DeploymentSpec of an endpoint's row, as the source document has it for a redeployment: the one that is given; without one the one that is
 * stored; and where there is none either, one made of what is known of its model.
 */
export async function deploymentSpec(
  db: Database,
  project: string,
  entry: string,
  endpoint: Endpoint,
): Promise<JsonObject> {
  if (!isEmpty(endpoint.deploymentSpec)) return endpoint.deploymentSpec
  const { environment, name } = endpoint
  const row = await db
    .selectFrom('serving_endpoints')
    .select(['deployment_spec', 'use_gpu'])
    .where('environment', '=', environment)
    .where('project_id', '=', project)
    .where('name', '=', name)
    .executeTakeFirst()
  const stored = (row?.deployment_spec ?? {}) as JsonObject
  return isEmpty(stored) ? ofModel(db, entry, endpoint, row?.use_gpu ?? false) : stored
}

async function ofModel(db: Database, entry: string, endpoint: Endpoint, useGpu: boolean): Promise<JsonObject> {
  const { rows } = await sql<{ family: string | null; job_type: string | null }>`
    select family, (select config ->> 'jobType' from training_configs
      join model_versions on model_versions.run_id = training_configs.workflow_id
      where model_versions.model_entry_id = ${entry}::uuid and model_versions.digest = ${endpoint.modelDigest}
      order by training_configs.version desc limit 1) as job_type
    from model_catalog_entries where id = ${entry}::uuid`.execute(db)
  const { family = null, job_type: jobType = null } = rows[0] ?? {}
  return {
    model_ref: endpoint.model,
    ...(family !== null && { model_family: family }),
    ...(jobType !== null && { job_type: jobType }),
    serve_target: jobType === 'RAG_TUNING' ? 'RAG' : 'GENERATION',
    resources: { gpus: useGpu ? 1 : 0 },
    use_gpu: useGpu,
  }
}

function isEmpty(spec: JsonObject): boolean {
  return Object.keys(spec).length === 0
}
