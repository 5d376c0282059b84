import { z } from 'zod'
import { metricAnswer, runEventAnswer } from '../answers.ts'
import { type App, refusals, runParams } from '../app.ts'
import type { ApiPorts } from '../ports.ts'
import { metricJson, runEventJson } from './json.ts'
import { readRun } from './read.ts'

const wholeNumber = (least: number, most: number) => z.coerce.number().int().min(least).max(most)
const pageQuery = z.strictObject({
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0).describe('the `next` of the page before'),
  limit: wholeNumber(1, 1000).default(200),
})
const logsQuery = z.strictObject({
  attempt: wholeNumber(1, 1_000_000).optional(),
  tail: wholeNumber(1, 10_000).default(100).describe('number of lines'),
})
const page = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), next: z.number().nullable() })

/** What a run told and measured, in pages. */
export function jobLogRoutes(app: App, ports: ApiPorts): void {
  const { runs } = ports.records
  const tags = ['jobs']

  app.get(
    '/v1/jobs/:id/events',
    {
      schema: {
        ...{ tags, summary: 'What happened to a run, oldest first', params: runParams, querystring: pageQuery },
        response: { 200: page(runEventAnswer), ...refusals },
      },
    },
    async ({ params, query: { after, limit } }) => {
      const found = await runs.events((await readRun(ports, params.id)).id, after, limit)
      return { items: found.map(runEventJson), next: nextOf(found, limit) }
    },
  )

  app.get(
    '/v1/jobs/:id/metrics',
    {
      schema: {
        ...{ tags, summary: 'What the heartbeats of a run measured', params: runParams, querystring: pageQuery },
        response: { 200: page(metricAnswer), ...refusals },
      },
    },
    async ({ params, query: { after, limit } }) => {
      const found = await runs.metrics((await readRun(ports, params.id)).id, after, limit)
      return { items: found.map(metricJson), next: nextOf(found, limit) }
    },
  )

  app.get(
    '/v1/jobs/:id/logs',
    {
      schema: {
        ...{ tags, summary: 'The last log lines of an attempt', params: runParams, querystring: logsQuery },
        response: {
          200: z.object({ attempt: z.number(), source: z.string(), lines: z.array(z.string()) }),
          ...refusals,
        },
      },
    },
    async ({ params, query: { attempt, tail } }) => {
      const log = await ports.logs(await readRun(ports, params.id), attempt ?? null, tail)
      return { attempt: log.attempt, source: log.source, lines: [...log.lines] }
    },
  )
}

function nextOf(found: readonly { readonly id: number }[], limit: number): number | null {
  return found.length === limit ? (found.at(-1)?.id ?? null) : null
}
