import { z } from 'zod'
import type { Json, JsonObject } from '../../domain/canonical.ts'
import { runStates } from '../../domain/run.ts'
import { runAnswer, runSummaryAnswer, stateChangeAnswer, trackerRunAnswer, trackerRunJson } from '../answers.ts'
import { type App, objectMap, refusals, runParams } from '../app.ts'
import { ApiError } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import { runJson, runSummaryJson, stateChangeJson } from './json.ts'
import { readRun } from './read.ts'

const specDepthMax = 100

const wholeNumber = (least: number, most: number) => z.coerce.number().int().min(least).max(most)
const listQuery = z.strictObject({
  environment: z.string().max(100).optional(),
  project: z.string().max(100).optional(),
  name: z.string().max(100).optional(),
  state: z
    .union([z.enum(runStates), z.array(z.enum(runStates)).max(runStates.length)])
    .optional()
    .describe('may be given several times'),
  limit: wholeNumber(1, 500).default(100),
  after: z.uuid().optional().describe('the `next` of the page before'),
})
const detailedRun = z.object({
  ...runAnswer.shape,
  ...{ history: z.array(stateChangeAnswer), tracker_runs: z.array(trackerRunAnswer) },
})
const submitted = z.object({
  ...{ id: z.string().describe('run id'), spec_path: z.string(), commit: z.string().nullable() },
  pull_request: z.string().nullable().describe('what has to be merged before the run begins'),
})
const submittedStatus = { written: 201, exists: 200, proposed: 202 } as const

/** Runs for people and their tools. */
export function jobRoutes(app: App, ports: ApiPorts): void {
  const { runs } = ports.records
  const tags = ['jobs']

  app.post(
    '/v1/jobs',
    {
      schema: {
        ...{ tags, summary: 'Hand in a training spec', body: objectMap },
        description:
          'The body is one TrainingJob document. A spec that exists answers with its run; 202 where it has to be merged first.',
        response: { 200: submitted, 201: submitted, 202: submitted, ...refusals },
      },
    },
    async ({ body }, reply) => {
      if (depthOf(body) > specDepthMax)
        throw new ApiError('REQUEST_INVALID', `the document is nested deeper than ${specDepthMax} levels`)
      const result = await ports.submitJob(body as JsonObject)
      if (result.kind === 'problems')
        throw new ApiError('SPEC_INVALID', `the spec has ${result.problems.length} problems`, {
          ...{ hint: 'each problem has its place in the document as it would be written', problems: result.problems },
        })
      const { kind, runId, path, commit, pullRequest } = result
      reply.code(submittedStatus[kind]).header('location', `/v1/jobs/${runId}`)
      return { id: runId, spec_path: path, commit, pull_request: pullRequest }
    },
  )

  app.get(
    '/v1/jobs',
    {
      schema: {
        ...{ tags, summary: 'List runs, newest first', querystring: listQuery },
        response: { 200: z.object({ items: z.array(runSummaryAnswer), next: z.string().nullable() }), ...refusals },
      },
    },
    async ({ query: { environment, project, name, state, limit, after } }) => {
      const found = await runs.list({
        ...{ limit, ...(environment && { environment }), ...(project && { project }), ...(name && { name }) },
        ...(state && { states: Array.isArray(state) ? state : [state] }),
        ...(after && { after }),
      })
      return { items: found.map(runSummaryJson), next: found.length === limit ? (found.at(-1)?.id ?? null) : null }
    },
  )

  app.get(
    '/v1/jobs/:id',
    {
      schema: {
        ...{ tags, summary: 'The whole record of a run', params: runParams },
        response: { 200: detailedRun, ...refusals },
      },
    },
    async ({ params }) => {
      const run = await readRun(ports, params.id)
      const [history, links] = await Promise.all([runs.history(run.id), ports.records.trackers.of([run.id])])
      return {
        ...{ ...runJson(run), history: history.map(stateChangeJson) },
        tracker_runs: links.map(trackerRunJson),
      }
    },
  )
}

/** How deep a document is nested; never deeper on the stack itself. */
function depthOf(document: Readonly<Record<string, unknown>>): number {
  let level: unknown[] = [document]
  let depth = 0
  while (level.length > 0 && depth <= specDepthMax) {
    depth += 1
    level = level.flatMap((value) => Object.values(value as Record<string, Json>)).filter(isNested)
  }
  return depth
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
