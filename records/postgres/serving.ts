import { sql } from 'kysely'
import type { Deployment, ReleaseState } from '../../domain/deployment.ts'
import { storableText } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { DeploymentQuery, ServingRecords, ServingResource, ServingState } from '../records.ts'
import type { Writing } from '../writing.ts'
import { proposeDeployment } from './pending-deployments.ts'

const limitUsual = 100
const limitMax = 500

export function servingRecords(db: Database, writing: Writing): ServingRecords {
  return {
    states: () => states(db),
    list: (query) => list(db, query),
    get: async (id) =>
      isUuid(id) ? deploymentOf(await select(db).where('deployments.id', '=', id).executeTakeFirst()) : undefined,
    ofRelease: async ({ environment, project, name }, revision) =>
      deploymentOf(
        await select(db)
          .where('deployments.environment', '=', environment)
          .where('projects.name', '=', project)
          .where('serving_endpoints.name', '=', name)
          .where('deployments.revision', '=', revision)
          .executeTakeFirst(),
      ),
    propose: (pending) => writing.transaction((transaction) => proposeDeployment(transaction, pending)),
    giveUp: async (id, message) => {
      await writing.statement((one) =>
        sql`update deployments set status = 'failed', message = ${storableText(message)}, superseded_at = now(), updated_at = now()
          where id = ${id} and status = 'pending'`.execute(one),
      )
    },
    credit: async (id, { createdBy, commit, pullRequest }) => {
      await writing.statement((one) =>
        one
          .updateTable('deployments')
          .set({ created_by: createdBy, commit, pull_request: pullRequest })
          .where('id', '=', id)
          .execute(),
      )
    },
    measure: async (id, { requests, errorRate, averageLatencyMilliseconds, at }) => {
      await writing.statement((one) =>
        one
          .updateTable('deployments')
          .set({
            request_count: requests,
            error_rate: errorRate,
            avg_latency_ms: averageLatencyMilliseconds,
            measured_at: at,
          })
          .where('id', '=', id)
          .execute(),
      )
    },
    probed: async ({ environment, project, name }, at, trouble) => {
      const why = trouble === null ? null : storableText(trouble)
      await writing.statement((one) =>
        sql`update serving_endpoints set last_health_check = ${at}, health_message = ${why}
          where environment = ${environment} and name = ${name} and deleted_at is null
            and project_id = (select id from projects where name = ${project})`.execute(one),
      )
    },
    counts: (query) => counts(db, query),
  }
}

async function states(db: Database): Promise<ReadonlyMap<string, ServingState>> {
  const resources = await db.selectFrom('serving_deployments').selectAll().execute()
  const open = await db
    .selectFrom('deployments')
    .selectAll()
    .where('superseded_at', 'is', null)
    .where('revision', 'is not', null)
    .orderBy('revision')
    .execute()
  const found = new Map<string, { resource: ServingResource | null; releases: ReleaseState[] }>()
  const of = (id: string) => {
    const known = found.get(id) ?? { resource: null, releases: [] }
    found.set(id, known)
    return known
  }
  for (const row of resources)
    of(row.serving_endpoint_id).resource = {
      framework: row.serving_framework,
      resourceId: row.framework_resource_id,
      namespace: row.framework_namespace,
      replicas: row.replica_count,
      minReplicas: row.min_replicas,
      maxReplicas: row.max_replicas,
      autoscalingMetrics: row.autoscaling_metrics as ServingResource['autoscalingMetrics'],
      resourceRequests: (row.resource_requests ?? {}) as ServingResource['resourceRequests'],
      resourceLimits: (row.resource_limits ?? {}) as ServingResource['resourceLimits'],
      status: (row.framework_status ?? {}) as ServingResource['status'],
    }
  for (const row of open)
    of(row.serving_endpoint_id).releases.push({
      revision: row.revision ?? 0,
      modelVersion: row.model_version ?? 0,
      modelDigest: row.model_digest ?? '',
      ...{ status: row.status, health: row.health_status, reason: row.reason, message: row.message },
      ...{ url: row.endpoint, weight: row.weight },
    })
  return found
}

async function list(db: Database, query: DeploymentQuery): Promise<readonly Deployment[]> {
  let wanted = select(db)
  if (query.environments !== undefined) wanted = wanted.where('deployments.environment', 'in', [...query.environments])
  if (query.project !== undefined) wanted = wanted.where('projects.name', '=', query.project)
  if (query.model !== undefined) wanted = wanted.where('model_catalog_entries.name', '=', query.model)
  if (query.statuses !== undefined) wanted = wanted.where('deployments.status', 'in', [...query.statuses])
  const rows = await wanted
    .orderBy('deployments.created_at', 'desc')
    .orderBy('deployments.id', 'desc')
    .limit(Math.min(limitMax, query.limit ?? limitUsual))
    .execute()
  return rows.flatMap((row) => deploymentOf(row) ?? [])
}

function select(db: Database) {
  return db
    .selectFrom('deployments')
    .innerJoin('serving_endpoints', 'serving_endpoints.id', 'deployments.serving_endpoint_id')
    .innerJoin('projects', 'projects.id', 'serving_endpoints.project_id')
    .innerJoin('model_catalog_entries', 'model_catalog_entries.id', 'deployments.model_entry_id')
    .leftJoin('model_versions', (join) =>
      join
        .onRef('model_versions.model_entry_id', '=', 'deployments.model_entry_id')
        .onRef('model_versions.digest', '=', 'deployments.model_digest'),
    )
    .selectAll('deployments')
    .select([
      'projects.name as project',
      'serving_endpoints.name as endpoint_name',
      'model_catalog_entries.name as model',
      'model_versions.id as version_id',
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirst']>>

function deploymentOf(row: Row): Deployment | undefined {
  if (row === undefined) return undefined
  return {
    id: row.id,
    ...{ environment: row.environment, project: row.project, endpoint: row.endpoint_name, model: row.model },
    modelId: row.version_id ?? row.model_entry_id,
    ...{ modelVersion: row.model_version, modelDigest: row.model_digest, revision: row.revision },
    ...{ status: row.status, health: row.health_status, reason: row.reason, message: row.message },
    ...{ url: row.endpoint, weight: row.weight, createdBy: row.created_by ?? 'specs', createdAt: row.created_at },
    ...{ deployedAt: row.deployed_at, supersededAt: row.superseded_at, log: row.log },
    measured:
      row.measured_at === null
        ? null
        : {
            requests: row.request_count,
            errorRate: row.error_rate,
            averageLatencyMilliseconds: row.avg_latency_ms,
            at: row.measured_at,
          },
    ...{ commit: row.commit, pullRequest: row.pull_request },
  }
}

async function counts(
  db: Database,
  query: { readonly project?: string; readonly model?: string },
): Promise<ReadonlyMap<string, number>> {
  let wanted = db
    .selectFrom('deployments')
    .innerJoin('model_catalog_entries', 'model_catalog_entries.id', 'deployments.model_entry_id')
    .innerJoin('projects', 'projects.id', 'model_catalog_entries.project_id')
    .where('deployments.revision', 'is not', null)
    .where('deployments.model_version', 'is not', null)
  if (query.project !== undefined) wanted = wanted.where('projects.name', '=', query.project)
  if (query.model !== undefined) wanted = wanted.where('model_catalog_entries.name', '=', query.model)
  const rows = await wanted
    .select(['projects.name as project', 'model_catalog_entries.name as model', 'deployments.model_version as version'])
    .select(({ fn }) => fn.countAll<number>().as('number'))
    .groupBy(['projects.name', 'model_catalog_entries.name', 'deployments.model_version'])
    .execute()
  return new Map(rows.map((row) => [`${row.project}/${row.model}@${row.version}`, Number(row.number)]))
}

/** Another text is no id of ours; the database would call it an error. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}
