import { z } from 'zod'
import { type Deployment, type DeploymentStatus, deploymentStatuses } from '../../domain/deployment.ts'
import { environmentNames } from '../../domain/lifecycle.ts'
import { keyText } from '../../domain/names.ts'
import { rolloutState } from '../../domain/rollout.ts'
import { type App, refusals } from '../app.ts'
import { serverLinesOf } from '../catalog/server-logs.ts'
import { ApiError } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import { deploymentAnswer, deploymentDetailAnswer, deploymentDetailJson, deploymentJson } from './answers.ts'
import { createDeployment, deploymentRequest } from './create.ts'

const tags = ['lifecycle']
const path = '/api/v1/ml/lifecycle/deployments'
const params = z.object({ id: z.string().max(200).describe('deployment id') })
const name = z.string().max(100).optional()

/** Deployments as the lifecycle API has them: each is one release of an endpoint. What it changes, it changes in Git. */
export function deploymentRoutes(app: App, ports: ApiPorts): void {
  const { serving } = ports.records

  app.get(
    path,
    {
      schema: {
        ...{ tags, summary: 'List deployments, newest first' },
        querystring: z.strictObject({
          ...{ environment: name, project: name, model_name: name, status: z.enum(deploymentStatuses).optional() },
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
        response: { 200: z.array(deploymentAnswer), ...refusals },
      },
    },
    async ({ query: { environment, project, model_name: model, status, limit } }) => {
      const found = await serving.list({
        ...{ limit, ...(project && { project }), ...(model && { model }), ...(status && { statuses: [status] }) },
        ...(environment && { environments: environmentNames(environment) }),
      })
      return found.map(deploymentJson)
    },
  )

  app.post(
    path,
    {
      schema: {
        ...{ tags, summary: 'Deploy a model version', body: deploymentRequest },
        description:
          'Changes the spec of the endpoint that serves the model there and answers with the commit or the pull request of that. ' +
          'What is not given stays as it is written. 200 where it is served just so already.',
        response: { 200: deploymentAnswer, 201: deploymentAnswer, ...refusals },
      },
    },
    async ({ body }, reply) => {
      const { deployment, isNew } = await createDeployment(ports, body)
      reply.code(isNew ? 201 : 200).header('location', `${path}/${deployment.id}`)
      return deploymentJson(deployment)
    },
  )

  app.get(
    `${path}/:id`,
    {
      schema: {
        ...{ tags, summary: 'A deployment with its log, its health and what callers met', params },
        response: { 200: deploymentDetailAnswer, ...refusals },
      },
    },
    async ({ params: { id } }) => {
      const deployment = await readDeployment(ports, id)
      return deploymentDetailJson(deployment, await serverLinesOf(ports, deployment))
    },
  )
  changeRoutes(app, ports)
}

function changeRoutes(app: App, ports: ApiPorts): void {
  app.patch(
    `${path}/:id/status`,
    {
      schema: {
        ...{ tags, summary: 'Move a deployment to another status', params },
        body: z.strictObject({ status: z.enum(deploymentStatuses) }),
        description:
          'A status says what is seen of a deployment. What may be asked for is `rollback`, and of a candidate of a rollout `active` ' +
          '(all of the traffic) or `failed` (none of it any more): each is one commit.',
        response: { 200: deploymentAnswer, ...refusals },
      },
    },
    async ({ params: { id }, body: { status } }) => {
      const deployment = await readDeployment(ports, id)
      if (deployment.status === status) return deploymentJson(deployment)
      return changed(ports, deployment, verbOf(deployment, status))
    },
  )

  app.post(
    `${path}/:id/rollback`,
    {
      schema: {
        ...{ tags, summary: 'Take a deployment back', params, body: z.strictObject({}).nullish() },
        description:
          'Goes back to the newest release that served well, or takes a rollout’s candidate away; in one commit. ' +
          'The endpoint then stays there until a person lifts the hold.',
        response: { 200: deploymentAnswer, ...refusals },
      },
    },
    async ({ params: { id } }) => changed(ports, await readDeployment(ports, id), 'rollBack'),
  )
}

/** Moves what serves by one operation, which expects that it is still as it is seen here. */
async function changed(ports: ApiPorts, deployment: Deployment, verb: Verb) {
  const { id, environment, project, endpoint: name, revision } = deployment
  const key = { environment, project, name }
  const { entry } = (await ports.endpoints()).find((one) => keyText(one.entry) === keyText(key)) ?? {}
  const isCandidate = revision !== null && entry?.rollout?.candidate.revision === revision
  if (!entry || (!isCandidate && entry.revision !== revision))
    throw new ApiError('DEPLOYMENT_OVER', `deployment ${id} is not what its endpoint serves`, {
      hint: 'GET /api/v1/ml/lifecycle/deployments lists those that are active or deploying',
    })
  const expect = rolloutState(entry)
  const step = verb === 'promote' ? 'promote' : 'abort'
  const [result] = await ports.operate([
    isCandidate ? { kind: 'rollout', key, step, weight: null, expect } : { kind: 'rollback', key, expect },
  ])
  if (!result?.applied)
    throw new ApiError('OPERATION_DROPPED', `deployment ${id} stays as it is: ${result?.why ?? 'nothing was done'}`)
  return { ...deploymentJson(await readDeployment(ports, id)), commit: result.commit ?? null, pull_request: null }
}

type Verb = 'rollBack' | 'promote'

function verbOf({ id, weight, status: present }: Deployment, wanted: DeploymentStatus): Verb {
  const isCandidate = weight !== null && present !== 'active'
  if (wanted === 'rollback' || (wanted === 'failed' && isCandidate)) return 'rollBack'
  if (wanted === 'active' && isCandidate) return 'promote'
  throw new ApiError(
    'STATUS_OBSERVED',
    `deployment ${id} is ${present} by what is seen of it, and cannot be called ${wanted}`,
    {
      hint: 'ask for rollback; of a candidate also for active or failed',
    },
  )
}

async function readDeployment({ records }: ApiPorts, id: string): Promise<Deployment> {
  const found = await records.serving.get(id)
  if (!found)
    throw new ApiError('DEPLOYMENT_NOT_FOUND', `there is no deployment ${id}`, {
      hint: 'GET /api/v1/ml/lifecycle/deployments lists them',
    })
  return found
}
