import { z } from 'zod'
import { modelStages } from '../../domain/plan.ts'
import type { ModelVersion } from '../../records/records.ts'
import { type App, refusals } from '../app.ts'
import { ApiError } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import { modelAnswer, modelDetailAnswer, modelDetailJson, modelJson } from './answers.ts'
import { onlyOne } from './create.ts'

const tags = ['lifecycle']
const path = '/api/v1/ml/lifecycle/models'
const name = z.string().max(100)
const params = z.object({ model_name: name, version: z.string().max(20) })
const querystring = z.strictObject({ project: name.optional().describe('where several have a model of that name') })

/** Model versions as the lifecycle API has them. Their stage is in the ledger: to move it is a commit. */
export function modelRoutes(app: App, ports: ApiPorts): void {
  const { models } = ports.records

  app.get(
    path,
    {
      schema: {
        ...{ tags, summary: 'List model versions, oldest first' },
        querystring: z.strictObject({
          ...{ project: name.optional(), model_name: name.optional(), stage: z.enum(modelStages).optional() },
        }),
        response: { 200: z.array(modelAnswer), ...refusals },
      },
    },
    async ({ query: { project, model_name: model, stage } }) => {
      const found = await models.list({ ...(project && { project }), ...(model && { model }) })
      return found.filter((one) => stage === undefined || one.stage === stage).map(modelJson)
    },
  )

  app.get(
    `${path}/:model_name/:version`,
    {
      schema: {
        ...{ tags, summary: 'A model version', params, querystring },
        response: { 200: modelDetailAnswer, ...refusals },
      },
    },
    async ({ params: wanted, query: { project } }) => detail(ports, await readVersion(ports, wanted, project)),
  )

  app.patch(
    `${path}/:model_name/:version`,
    {
      schema: {
        ...{ tags, summary: 'Move a model version to another stage', params, querystring },
        body: z.strictObject({ stage: z.enum(modelStages).optional() }),
        response: {
          200: z.object({ ...modelDetailAnswer.shape, commit: z.string().nullable() }),
          ...refusals,
        },
      },
    },
    async ({ params: wanted, query, body: { stage } }) => {
      const version = await readVersion(ports, wanted, query.project)
      if (stage === undefined || stage === version.stage) return { ...(await detail(ports, version)), commit: null }
      const { project, model, version: number, stage: expect } = version
      const [result] = await ports.operate([{ kind: 'stage', project, model, version: number, expect, stage }])
      if (!result?.applied)
        throw new ApiError(
          'OPERATION_DROPPED',
          `${model}@${number} stays ${expect}: ${result?.why ?? 'nothing was done'}`,
        )
      return { ...(await detail(ports, { ...version, stage })), commit: result.commit ?? null }
    },
  )
}

async function detail({ records }: ApiPorts, version: ModelVersion) {
  const { project, model } = version
  const counts = await records.serving.counts({ project, model })
  return modelDetailJson(version, counts.get(`${project}/${model}@${version.version}`) ?? 0)
}

async function readVersion(
  { records }: ApiPorts,
  { model_name: model, version }: { readonly model_name: string; readonly version: string },
  project: string | undefined,
): Promise<ModelVersion> {
  const found = await records.models.list({ ...(project && { project }), model })
  return onlyOne(
    found.filter((one) => String(one.version) === version),
    `${model}@${version}`,
  )
}
