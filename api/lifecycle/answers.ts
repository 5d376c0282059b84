import { z } from 'zod'
import { type Deployment, deploymentStatuses, healthStatuses } from '../../domain/deployment.ts'
import { lifecycleEnvironment } from '../../domain/lifecycle.ts'
import { modelStages } from '../../domain/plan.ts'
import type { Run, RunState } from '../../domain/run.ts'
import type { ModelVersion } from '../../records/records.ts'
import { numberMap, objectMap } from '../app.ts'

const text = z.string()
const textOrNull = z.string().nullable()

export const deploymentAnswer = z.object({
  ...{ id: text, model_id: text, model_name: text, model_version: text, status: z.enum(deploymentStatuses) },
  environment: text.describe('development, staging or production; an Environment with another name as it is called'),
  endpoint: text.describe('where it answers; its route while nobody gave it an address'),
  ...{ created_by: text, deployed_at: text.optional(), created_at: text },
  ...{ project: text, endpoint_name: text, revision: z.number().nullable(), reason: text, message: text },
  weight: z.number().nullable().describe('per cent of the traffic while a rollout is under way'),
  commit: textOrNull.describe('of the repository that was changed to bring it about'),
  pull_request: textOrNull,
})

export const deploymentDetailAnswer = z.object({
  ...deploymentAnswer.shape,
  logs: z
    .array(text)
    .describe('what became of it, oldest first; then what its servers said last, each line with its pod and track'),
  health_status: z.enum(healthStatuses).describe('unhealthy while it has not come up'),
  ...{ request_count: z.number(), error_rate: z.number(), avg_latency_ms: z.number() },
  measured_at: textOrNull.describe('when the three numbers were read from Prometheus; null where nothing measures'),
})

export function deploymentJson(one: Deployment): z.output<typeof deploymentAnswer> {
  const { id, project, revision, status, reason, message, weight, commit } = one
  return {
    ...{ id, model_id: one.modelId, model_name: one.model, model_version: String(one.modelVersion ?? ''), status },
    environment: lifecycleEnvironment(one.environment),
    endpoint: one.url ?? '',
    created_by: one.createdBy,
    ...(one.deployedAt && { deployed_at: one.deployedAt.toISOString() }),
    created_at: one.createdAt.toISOString(),
    ...{ project, endpoint_name: one.endpoint, revision, reason, message, weight, commit },
    pull_request: one.pullRequest,
  }
}

export function deploymentDetailJson(
  one: Deployment,
  serverLines: readonly string[],
): z.output<typeof deploymentDetailAnswer> {
  const { measured } = one
  return {
    ...deploymentJson(one),
    logs: [...one.log, ...serverLines],
    health_status: one.health ?? 'unhealthy',
    request_count: measured?.requests ?? 0,
    error_rate: measured?.errorRate ?? 0,
    avg_latency_ms: measured?.averageLatencyMilliseconds ?? 0,
    measured_at: measured?.at.toISOString() ?? null,
  }
}

export const experimentAnswer = z.object({
  ...{ id: text, name: text, project: text, environment: text, owner: text, status: text, reason: text, message: text },
  ...{ hyperparameters: objectMap, metrics: numberMap, created_at: text, started_at: text.optional() },
})

export const experimentDetailAnswer = z.object({
  ...experimentAnswer.shape,
  ...{ completed_at: text.optional(), duration_seconds: z.number().optional(), logs: z.array(text) },
  artifacts: z.array(z.object({ name: text, path: text, size_bytes: z.number() })),
})

export function experimentJson(run: Run, hyperparameters: object): z.output<typeof experimentAnswer> {
  const { id, name, project, reason, message } = run
  return {
    ...{ id, name, project, environment: lifecycleEnvironment(run.environment), owner: project },
    ...{ status: experimentStatus(run.state), reason, message, hyperparameters: { ...hyperparameters } },
    metrics: { ...run.finalMetrics },
    created_at: run.createdAt.toISOString(),
    ...(run.startedAt && { started_at: run.startedAt.toISOString() }),
  }
}

/** As the view `workflows` of the database has it. */
function experimentStatus(state: RunState): string {
  return state === 'SUCCEEDED' ? 'completed' : state.toLowerCase()
}

export const modelAnswer = z.object({
  ...{ id: text, project: text, model_name: text, version: text, stage: z.enum(modelStages), digest: text },
  ...{ metrics: numberMap, experiment_id: text.describe('the run that made it'), created_at: text },
})

export const modelDetailAnswer = z.object({
  ...modelAnswer.shape,
  ...{ framework: text.optional(), hyperparameters: objectMap.optional(), size_mb: z.number().optional() },
  ...{ artifact_path: text.optional(), deployment_count: z.number().optional() },
})

export function modelJson(one: ModelVersion): z.output<typeof modelAnswer> {
  const { id, project, stage, digest } = one
  return {
    ...{ id, project, model_name: one.model, version: String(one.version), stage, digest },
    ...{ metrics: { ...one.metrics }, experiment_id: one.run.id, created_at: one.createdAt.toISOString() },
  }
}

export function modelDetailJson(one: ModelVersion, deployments: number): z.output<typeof modelDetailAnswer> {
  return {
    ...modelJson(one),
    ...(one.framework !== null && { framework: one.framework }),
    hyperparameters: { ...one.hyperparameters },
    size_mb: Math.round(one.sizeBytes / 1e4) / 100,
    artifact_path: one.uri,
    deployment_count: deployments,
  }
}
