import { z } from 'zod'
import {
  endpointAnswer,
  endpointJson,
  modelVersionAnswer,
  modelVersionJson,
  publicationAnswer,
  publicationJson,
  runAnswer,
  trackerRunAnswer,
  trackerRunJson,
} from '../answers.ts'
import { type App, refusals } from '../app.ts'
import { runJson } from '../jobs/json.ts'
import type { ApiPorts } from '../ports.ts'
import { traceChain } from './trace.ts'

const name = z.string().max(100).optional()

/** Endpoints, models and publications as they are recorded, and what belongs to what. */
export function catalogRoutes(app: App, { records }: Pick<ApiPorts, 'records'>): void {
  app.get(
    '/v1/endpoints',
    {
      schema: {
        ...{ tags: ['serving'], summary: 'List endpoints' },
        querystring: z.strictObject({ environment: name, project: name }),
        response: { 200: z.object({ items: z.array(endpointAnswer) }), ...refusals },
      },
    },
    async ({ query: { environment, project } }) => {
      const found = await records.endpoints.list({ ...(environment && { environment }), ...(project && { project }) })
      return { items: found.map(endpointJson) }
    },
  )

  app.get(
    '/v1/models',
    {
      schema: {
        ...{ tags: ['serving'], summary: 'List model versions' },
        querystring: z.strictObject({ project: name, model: name }),
        response: { 200: z.object({ items: z.array(modelVersionAnswer) }), ...refusals },
      },
    },
    async ({ query: { project, model } }) => {
      const found = await records.models.list({ ...(project && { project }), ...(model && { model }) })
      return { items: found.map(modelVersionJson) }
    },
  )

  app.get(
    '/v1/publications',
    {
      schema: {
        ...{ tags: ['records'], summary: 'List commits of the deploy repository, newest first' },
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
        response: { 200: z.object({ items: z.array(publicationAnswer) }), ...refusals },
      },
    },
    async ({ query }) => ({ items: (await records.publications.list(query.limit)).map(publicationJson) }),
  )
  traceRoute(app, records)
}

function traceRoute(app: App, records: ApiPorts['records']): void {
  app.get(
    '/v1/trace',
    {
      schema: {
        ...{ tags: ['records'], summary: 'Find what an identifier belongs to, and everything before and after it' },
        querystring: z.strictObject({
          q: z
            .string()
            .min(1)
            .max(500)
            .describe('run or trace id, Job, pod, UID, spec path, commit, digest, name, run id of the tracker'),
        }),
        response: {
          200: z.object({
            hits: z.array(z.object({ kind: z.string(), id: z.string() })),
            publications: z.array(publicationAnswer),
            runs: z.array(runAnswer),
            tracker_runs: z.array(trackerRunAnswer),
            model_versions: z.array(modelVersionAnswer),
            endpoints: z.array(endpointAnswer),
          }),
          ...refusals,
        },
      },
    },
    async ({ query }) => {
      const chain = await traceChain(records, query.q)
      return {
        hits: chain.hits.map(({ kind, id }) => ({ kind, id })),
        publications: chain.publications.map(publicationJson),
        runs: chain.runs.map(runJson),
        tracker_runs: chain.trackerRuns.map(trackerRunJson),
        model_versions: chain.modelVersions.map(modelVersionJson),
        endpoints: chain.endpoints.map(endpointJson),
      }
    },
  )
}
