import { z } from 'zod'
import { environmentNames } from '../../domain/lifecycle.ts'
import type { Run } from '../../domain/run.ts'
import { type App, refusals } from '../app.ts'
import { ApiError } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import { experimentAnswer, experimentDetailAnswer, experimentJson } from './answers.ts'

const tags = ['lifecycle']
const path = '/api/v1/ml/lifecycle/experiments'
const name = z.string().max(100)
const linesMax = 500

/** Experiments as the lifecycle API has them: runs of trainings. */
export function experimentRoutes(app: App, ports: ApiPorts): void {
  const { runs } = ports.records

  app.get(
    path,
    {
      schema: {
        ...{ tags, summary: 'List experiments, newest first' },
        querystring: z.strictObject({
          owner: name.optional().describe('the project'),
          environment: name.optional(),
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
        response: { 200: z.array(experimentAnswer), ...refusals },
      },
    },
    async ({ query: { owner, environment, limit } }) => {
      const names = environment === undefined ? [undefined] : environmentNames(environment)
      const found = await Promise.all(
        names.map((one) => runs.list({ limit, ...(owner && { project: owner }), ...(one && { environment: one }) })),
      )
      const all = found.flat().sort((left, right) => right.createdAt.getTime() - left.createdAt.getTime())
      const some = all.slice(0, limit)
      const plans = await runs.plans(some.map((one) => one.id))
      return some.map((run) => experimentJson(run, hyperparametersOf(plans.get(run.id)?.training)))
    },
  )

  app.get(
    `${path}/:name`,
    {
      schema: {
        ...{ tags, summary: 'An experiment with its log and artifacts: the newest run of that name, or one by its id' },
        params: z.object({ name: z.string().max(200) }),
        querystring: z.strictObject({ project: name.optional(), environment: name.optional() }),
        response: { 200: experimentDetailAnswer, ...refusals },
      },
    },
    async ({ params, query: { project, environment } }) => {
      const run = await readExperiment(ports, params.name, project, environment)
      const [plan, log, artifacts] = await Promise.all([
        runs.plan(run.id),
        ports.logs(run, null, linesMax),
        artifactsOf(ports, run),
      ])
      return {
        ...experimentJson(run, hyperparametersOf(plan?.training)),
        ...(run.completedAt && { completed_at: run.completedAt.toISOString() }),
        ...durationOf(run),
        logs: [...log.lines],
        artifacts,
      }
    },
  )
}

function durationOf({ startedAt, completedAt }: Run): { duration_seconds?: number } {
  if (!startedAt || !completedAt) return {}
  return { duration_seconds: (completedAt.getTime() - startedAt.getTime()) / 1000 }
}

/** What its trainer reported, and what its tracker keeps; one of a path once. */
async function artifactsOf({ records }: ApiPorts, run: Run) {
  const [said, links] = await Promise.all([records.callbacks.said(run.id), records.trackers.of([run.id])])
  const reported = said
    .flatMap((one) => one.done?.artifacts ?? [])
    .map((one) => ({ name: one.name, path: one.uri, size_bytes: one.sizeBytes }))
  const tracked = links
    .flatMap((one) => one.artifacts)
    .map(({ path: at, sizeBytes }) => ({ name: at.split('/').at(-1) ?? at, path: at, size_bytes: sizeBytes ?? 0 }))
  return [...new Map([...tracked, ...reported].map((one) => [one.path, one])).values()]
}

function hyperparametersOf(training: unknown): object {
  const inner = typeof training === 'object' && training !== null ? (training as { training?: unknown }).training : null
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {}
}

async function readExperiment(
  { records }: ApiPorts,
  wanted: string,
  project: string | undefined,
  environment: string | undefined,
): Promise<Run> {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(wanted)
  const byId = isId ? await records.runs.get(wanted.toLowerCase()) : undefined
  if (byId) return byId
  const named = await records.runs.list({ name: wanted, limit: 500, ...(project && { project }) })
  const names = environment === undefined ? undefined : environmentNames(environment)
  const found = named.filter((one) => names === undefined || names.includes(one.environment))
  const [newest] = found
  if (!newest)
    throw new ApiError('EXPERIMENT_NOT_FOUND', `there is no experiment ${wanted}`, {
      hint: 'GET /api/v1/ml/lifecycle/experiments lists them',
    })
  const projects = new Set(found.map((one) => one.project))
  if (projects.size > 1)
    throw new ApiError('NAME_AMBIGUOUS', `projects ${[...projects].join(', ')} have an experiment ${wanted}`, {
      hint: 'name the project too',
    })
  return newest
}
