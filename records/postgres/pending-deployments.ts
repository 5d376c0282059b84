import { sql } from 'kysely'
import { jsonText, storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { PendingDeployment } from '../records.ts'
import { modelEntryId } from './models.ts'
import { projectId } from './projects.ts'

/** Adds a deployment that is asked for and not released. An endpoint that is not there yet is recorded as one that is gone until it comes. */
export async function proposeDeployment(db: Database, pending: PendingDeployment): Promise<string> {
  const { endpoint, modelVersion, modelDigest, createdBy, commit, pullRequest } = pending
  const project = await projectId(db, endpoint.project)
  const entry = await modelEntryId(db, project, endpoint.model, null)
  await sql`
    insert into serving_endpoints (id, model_entry_id, environment, route, min_replicas, max_replicas, created_at,
      deployment_spec, project_id, name, framework, spec_path, spec_line, updated_at, deleted_at)
    values (${endpoint.id}, ${entry}, ${endpoint.environment}, ${endpoint.route}, ${endpoint.minReplicas},
      ${endpoint.maxReplicas}, ${endpoint.createdAt}, ${jsonText(endpoint.deploymentSpec)}::jsonb, ${project},
      ${endpoint.name}, ${endpoint.framework}, ${endpoint.specPath}, ${endpoint.specLine}, ${endpoint.updatedAt},
      ${endpoint.updatedAt})
    on conflict (environment, project_id, name) do nothing`.execute(db)
  const message = storableText(pending.message)
  const line = `${endpoint.updatedAt.toISOString()} pending Proposed${message && `: ${message}`}`
  const { rows } = await sql<{ id: string }>`
    insert into deployments (serving_endpoint_id, environment, model_entry_id, model_version, model_digest, status,
      reason, message, created_by, commit, pull_request, log)
    select id, environment, ${entry}::uuid, ${modelVersion}::integer, ${modelDigest}, 'pending', 'Proposed', ${message},
      ${storableText(createdBy)}, ${commit}, ${pullRequest}, jsonb_build_array(to_jsonb(${line}::text))
    from serving_endpoints
    where environment = ${endpoint.environment} and project_id = ${project} and name = ${endpoint.name}
    returning id`.execute(db)
  return rows[0]?.id ?? ''
}
