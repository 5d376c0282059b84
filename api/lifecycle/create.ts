import { z } from 'zod'
import type { JsonObject } from '../../domain/canonical.ts'
import type { Deployment } from '../../domain/deployment.ts'
import { environmentNames } from '../../domain/lifecycle.ts'
import type { ModelVersion } from '../../records/records.ts'
import { ApiError } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import type { PlannedDeploy } from './ports.ts'

const name = z.string().min(1).max(100)

const count = z.number().int().min(0)
/** The source document's; every part may be left out, and then stays as it is written. */
const deploymentSpec = z.strictObject({
  ...{ model_ref: name.optional(), model_family: name.optional() },
  job_type: z.enum(['SFT', 'RAG_TUNING', 'RLHF', 'PRETRAIN', 'EMBEDDING']).optional(),
  serve_target: z.enum(['GENERATION', 'RAG']).optional(),
  resources: z.strictObject({ gpus: count, gpu_memory_gb: z.number().positive().optional() }).optional(),
  runtime: z
    .strictObject({ max_concurrent_requests: count, max_input_tokens: count, max_output_tokens: count })
    .partial()
    .optional(),
  use_gpu: z.boolean().optional().describe('follows from resources.gpus'),
  rollout: z
    .strictObject({
      strategy: z.enum(['blue-green', 'canary']),
      traffic_split: z.strictObject({ old: count.max(100), new: count.max(100) }).optional(),
    })
    .optional(),
})

export const deploymentRequest = z.strictObject({
  model_id: z.string().max(200).optional().describe('id of a model version, as GET …/models lists them'),
  model_name: name.optional(),
  model_version: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
  environment: name.describe('development, staging, production, or the name of an Environment'),
  endpoint_config: z
    .strictObject({
      instances: z.number().int().min(1).max(1000),
      instance_type: name.describe('a GPU type of the Environment, or `cpu`'),
      auto_scaling: z.boolean().optional(),
    })
    .optional(),
  project: name.optional().describe('where several projects have a model of that name'),
  endpoint: name.optional().describe('where several endpoints serve the model there'),
  deployment_spec: deploymentSpec.optional().describe('a DeploymentSpec; without one what is written stays'),
})

interface Created {
  readonly deployment: Deployment
  /** False where it was asked for before. */
  readonly isNew: boolean
}

type Body = z.output<typeof deploymentRequest>

/** Asks for a model version to be served. It is `pending` from before the change is made, so that whoever sees its release first finds it. */
export async function createDeployment(ports: ApiPorts, body: Body): Promise<Created> {
  const { serving } = ports.records
  const version = await wantedVersion(ports, body)
  const plan = await ports.lifecycle.planDeploy({
    version,
    environments: environmentNames(body.environment),
    endpoint: body.endpoint ?? null,
    instances: body.endpoint_config?.instances ?? null,
    instanceType: body.endpoint_config?.instance_type ?? null,
    autoScaling: body.endpoint_config?.auto_scaling ?? null,
    deploymentSpec: (body.deployment_spec as JsonObject | undefined) ?? null,
  })
  switch (plan.kind) {
    case 'problems':
      throw new ApiError('SPEC_INVALID', `the spec would have ${plan.problems.length} problems`, {
        ...{ hint: 'each problem has its place in the spec as it would be written', problems: plan.problems },
      })
    case 'refused':
      throw new ApiError('NOT_DEPLOYABLE', plan.message, { hint: plan.hint })
    case 'unchanged': {
      const served = await serving.ofRelease(plan.endpoint, plan.endpoint.revision)
      if (served) return { deployment: served, isNew: false }
      throw new ApiError(
        'NOT_DEPLOYABLE',
        `${plan.endpoint.name} is specified just so, and has not been released yet`,
        {
          hint: 'wait for its release',
        },
      )
    }
    case 'planned':
      return carriedOut(ports, version, plan)
  }
}

async function carriedOut(ports: ApiPorts, version: ModelVersion, plan: PlannedDeploy): Promise<Created> {
  const { serving } = ports.records
  const wanted = {
    ...{ endpoint: plan.endpoint, modelVersion: version.version, modelDigest: version.digest, createdBy: 'api' },
    message: plan.message,
  }
  const waiting = await waitingFor(ports, version, plan)
  if (waiting.length > 0) {
    // The same change is the same proposal.
    const done = await plan.carryOut()
    const same = waiting.find((one) => one.pullRequest === done.pullRequest)
    return same
      ? { deployment: same, isNew: false }
      : { deployment: await theDeployment(ports, await serving.propose({ ...wanted, ...done })), isNew: true }
  }
  const id = await serving.propose({ ...wanted, commit: null, pullRequest: null })
  try {
    await serving.credit(id, { createdBy: 'api', ...(await plan.carryOut()) })
  } catch (error) {
    await serving.giveUp(id, error instanceof Error ? error.message : String(error))
    throw error
  }
  return { deployment: await theDeployment(ports, id), isNew: true }
}

/** Deployments of this version to this endpoint whose pull requests are not merged. */
async function waitingFor(
  { records }: ApiPorts,
  { project, model, version }: ModelVersion,
  { endpoint }: PlannedDeploy,
): Promise<readonly Deployment[]> {
  const statuses = ['pending'] as const
  const pending = await records.serving.list({ project, model, environments: [endpoint.environment], statuses })
  return pending.filter(
    (one) => one.endpoint === endpoint.name && one.modelVersion === version && one.pullRequest !== null,
  )
}

async function theDeployment({ records }: ApiPorts, id: string): Promise<Deployment> {
  const deployment = await records.serving.get(id)
  if (!deployment) throw new ApiError('DEPLOYMENT_NOT_FOUND', `deployment ${id} is gone`)
  return deployment
}

async function wantedVersion({ records }: ApiPorts, body: Body): Promise<ModelVersion> {
  const { model_id: id, model_name: model, model_version: number, project } = body
  if (id === undefined && model === undefined)
    throw new ApiError('REQUEST_INVALID', 'name what to deploy: model_id, or model_name with model_version')
  const all = await records.models.list({ ...(project && { project }), ...(model && { model }) })
  const named = all.filter(
    (one) => (id === undefined || one.id === id) && (number === undefined || String(one.version) === number),
  )
  return onlyOne(id === undefined ? newest(named) : named, id ?? `${model}${number === undefined ? '' : `@${number}`}`)
}

/** Of each model its newest version. */
function newest(versions: readonly ModelVersion[]): readonly ModelVersion[] {
  return [...new Map(versions.map((one) => [`${one.project}/${one.model}`, one])).values()]
}

/** @throws ApiError where there is none, or one in several projects */
export function onlyOne(found: readonly ModelVersion[], what: string): ModelVersion {
  const [one, another] = found
  if (!one)
    throw new ApiError('MODEL_NOT_FOUND', `there is no model version ${what}`, {
      hint: 'GET /api/v1/ml/lifecycle/models lists them',
    })
  if (another)
    throw new ApiError(
      'NAME_AMBIGUOUS',
      `projects ${found.map((each) => each.project).join(', ')} have a model ${what}`,
      {
        hint: 'name the project too',
      },
    )
  return one
}
