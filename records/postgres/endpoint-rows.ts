import { sql } from 'kysely'
import type { Endpoint } from '../../domain/endpoint.ts'
import type { EndpointPlan } from '../../domain/plan.ts'
import { jsonText, jsonTextOrNull, storableText, storableTextOrNull } from '../json.ts'
import type { Database } from '../kysely.ts'
import type { Releases, ServingResource } from '../records.ts'
import { putDeployments, releasesOf } from './deployment-rows.ts'
import { deploymentSpec } from './deployment-spec.ts'
import { modelEntryId } from './models.ts'
import { projectId } from './projects.ts'

/** Writes an endpoint's row, those of its releases, and that of its resource where it has one. */
export async function putEndpoint(
  db: Database,
  endpoint: Endpoint,
  resource: ServingResource | null | undefined,
  plan: EndpointPlan | null,
  releases: Releases = releasesOf(endpoint),
): Promise<void> {
  const project = await projectId(db, endpoint.project)
  const entry = await modelEntryId(db, project, endpoint.model, plan?.model.family ?? null)
  const columns = {
    ...ordinaryColumns(endpoint, entry),
    deployment_spec: jsonText(await deploymentSpec(db, project, entry, endpoint)),
    ...(plan === null ? {} : planColumns(plan, await promptTemplateId(db, project, plan))),
  }
  const { id } = await db
    .insertInto('serving_endpoints')
    .values({
      id: endpoint.id,
      environment: endpoint.environment,
      project_id: project,
      name: endpoint.name,
      created_at: endpoint.createdAt,
      version: endpoint.version,
      ...absentColumns,
      ...columns,
    })
    // The key stays one endpoint for ever: one that comes back after its spec was removed is the same row again.
    .onConflict((conflict) =>
      conflict
        .columns(['environment', 'project_id', 'name'])
        .doUpdateSet({ ...columns, deleted_at: null, version: sql<number>`serving_endpoints.version + 1` }),
    )
    .returning('id')
    .executeTakeFirstOrThrow()
  const { environment, updatedAt: at } = endpoint
  await putDeployments(db, { id, environment, entry, at }, releases)
  if (resource) await putResource(db, id, resource)
  if (resource === null) await db.deleteFrom('serving_deployments').where('serving_endpoint_id', '=', id).execute()
}

/** What stays empty until a plan is given. */
const absentColumns = {
  runtime_image: null,
  autoscale_policy: null,
  prompt_policy_id: null,
  cpu_request: null,
  cpu_limit: null,
  memory_request: null,
  memory_limit: null,
  rollback_plan: null,
  deleted_at: null,
} as const

function ordinaryColumns(endpoint: Endpoint, entry: string) {
  const useGpu = endpoint.deploymentSpec['use_gpu']
  return {
    model_entry_id: entry,
    route: endpoint.route,
    // The source document has no word for an endpoint of which nothing has been deployed yet.
    status: endpoint.status === 'waiting' ? null : endpoint.status,
    min_replicas: endpoint.minReplicas,
    max_replicas: endpoint.maxReplicas,
    use_gpu: typeof useGpu === 'boolean' ? useGpu : null,
    last_health_check: endpoint.lastHealthCheck,
    reason: storableText(endpoint.reason),
    message: storableText(endpoint.message),
    url: endpoint.url,
    framework: endpoint.framework,
    model_version: endpoint.modelVersion,
    model_digest: endpoint.modelDigest,
    spec_path: endpoint.specPath,
    spec_line: endpoint.specLine,
    revision: endpoint.revision,
    updated_at: endpoint.updatedAt,
  }
}

function planColumns(plan: EndpointPlan, promptPolicy: string | null) {
  const { resources, autoscale } = plan
  const policy =
    autoscale === null ? null : Object.fromEntries(Object.entries(autoscale).filter(([, value]) => value !== null))
  return {
    runtime_image: plan.image,
    autoscale_policy: jsonTextOrNull(policy),
    prompt_policy_id: promptPolicy,
    use_gpu: resources.gpus > 0,
    cpu_request: `${resources.cpuRequestMillicores}m`,
    cpu_limit: `${resources.cpuLimitMillicores}m`,
    memory_request: String(resources.memoryRequestBytes),
    memory_limit: String(resources.memoryLimitBytes),
    rollback_plan: storableTextOrNull(plan.rollbackPlan),
  }
}

async function promptTemplateId(db: Database, project: string, plan: EndpointPlan): Promise<string | null> {
  if (plan.promptTemplate === null) return null
  const template = storableText(plan.promptTemplate.text)
  const { id } = await db
    .insertInto('prompt_templates')
    .values({ project_id: project, name: plan.promptTemplate.name, template })
    .onConflict((conflict) =>
      conflict.columns(['project_id', 'name']).doUpdateSet({ template, updated_at: sql<Date>`now()` }),
    )
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

async function putResource(db: Database, endpointId: string, resource: ServingResource): Promise<void> {
  const columns = {
    serving_framework: resource.framework,
    framework_resource_id: resource.resourceId,
    framework_namespace: resource.namespace,
    replica_count: resource.replicas,
    min_replicas: resource.minReplicas,
    max_replicas: resource.maxReplicas,
    autoscaling_metrics: jsonTextOrNull(resource.autoscalingMetrics),
    resource_requests: jsonText(resource.resourceRequests),
    resource_limits: jsonText(resource.resourceLimits),
    framework_status: jsonText(resource.status),
  }
  await db
    .insertInto('serving_deployments')
    .values({ serving_endpoint_id: endpointId, ...columns })
    .onConflict((conflict) =>
      conflict.column('serving_endpoint_id').doUpdateSet({ ...columns, updated_at: sql<Date>`now()` }),
    )
    .execute()
}
