import { type Selectable, sql } from 'kysely'
import type { JsonObject } from '../../domain/canonical.ts'
import type { Endpoint } from '../../domain/endpoint.ts'
import type { Database } from '../kysely.ts'
import type { EndpointRecords } from '../records.ts'
import type { ServingEndpointTable } from '../schema.ts'
import type { Writing } from '../writing.ts'
import { putEndpoint } from './endpoint-rows.ts'

const listMax = 10_000

export function endpointRecords(db: Database, writing: Writing): EndpointRecords {
  return {
    get: async ({ environment, project, name }) => {
      const row = await selectEndpoints(db)
        .where('environment', '=', environment)
        .where('projects.name', '=', project)
        .where('serving_endpoints.name', '=', name)
        .executeTakeFirst()
      return row === undefined ? undefined : endpointOf(row)
    },
    list: async ({ environment, project }) => {
      let select = selectEndpoints(db)
      if (environment !== undefined) select = select.where('environment', '=', environment)
      if (project !== undefined) select = select.where('projects.name', '=', project)
      const rows = await select
        .orderBy('environment')
        .orderBy('projects.name')
        .orderBy('serving_endpoints.name')
        .limit(listMax)
        .execute()
      return rows.map(endpointOf)
    },
    put: (endpoint, resource, plan, releases) =>
      writing.transaction((transaction) => putEndpoint(transaction, endpoint, resource, plan ?? null, releases)),
    remove: async ({ environment, project, name }) => {
      await writing.transaction(async (one) => {
        const { rows } = await sql<{ id: string }>`
          update serving_endpoints set deleted_at = now(), updated_at = now(), version = version + 1
          where environment = ${environment} and name = ${name} and deleted_at is null
            and project_id = (select id from projects where name = ${project}) returning id`.execute(one)
        for (const { id } of rows) {
          await one.deleteFrom('serving_deployments').where('serving_endpoint_id', '=', id).execute()
          await sql`update deployments set superseded_at = now(), updated_at = now(), weight = null
            where serving_endpoint_id = ${id} and superseded_at is null and revision is not null`.execute(one)
        }
      })
    },
  }
}

function selectEndpoints(db: Database) {
  return db
    .selectFrom('serving_endpoints')
    .innerJoin('projects', 'projects.id', 'serving_endpoints.project_id')
    .innerJoin('model_catalog_entries', 'model_catalog_entries.id', 'serving_endpoints.model_entry_id')
    .selectAll('serving_endpoints')
    .select(['projects.name as project', 'model_catalog_entries.name as model'])
    .where('serving_endpoints.deleted_at', 'is', null)
}

function endpointOf(row: Selectable<ServingEndpointTable> & { project: string; model: string }): Endpoint {
  return {
    id: row.id,
    environment: row.environment,
    project: row.project,
    name: row.name,
    route: row.route,
    status: row.status ?? 'waiting',
    reason: row.reason,
    message: row.message,
    url: row.url,
    modelVersion: row.model_version,
    modelDigest: row.model_digest,
    model: row.model,
    framework: row.framework,
    minReplicas: row.min_replicas,
    maxReplicas: row.max_replicas,
    specPath: row.spec_path,
    specLine: row.spec_line,
    deploymentSpec: (row.deployment_spec ?? {}) as JsonObject,
    lastHealthCheck: row.last_health_check,
    revision: row.revision,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
