import { z } from 'zod'
import { isTerminal } from '../../domain/run.ts'
import { type App, refusals, runParams } from '../app.ts'
import { ApiError } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import { readRun } from './read.ts'

/** What a person may ask of a run. */
export function jobRequestRoutes(app: App, ports: ApiPorts): void {
  cancelRoute(app, ports)
  retryRoute(app, ports)
}

const tags = ['jobs']
const noBody = z.strictObject({}).nullish()

function cancelRoute(app: App, ports: ApiPorts): void {
  app.post(
    '/v1/jobs/:id/cancel',
    {
      schema: {
        ...{ tags, summary: 'Cancel a run', params: runParams, body: noBody },
        response: { 202: z.object({ id: z.string() }), ...refusals },
      },
    },
    async ({ params }, reply) => {
      const run = await readRun(ports, params.id)
      if (isTerminal(run.state)) throw new ApiError('RUN_FINISHED', `run ${run.id} has ended as ${run.state}`)
      const { environment, project, name } = run
      const [result] = await ports.operate([
        { kind: 'cancel', key: { environment, project, name }, runId: run.id, reason: 'REQUESTED' },
      ])
      if (result !== undefined && !result.applied)
        throw new ApiError('OPERATION_DROPPED', `run ${run.id} is not cancelled: ${result.why}`)
      ports.changed(run.id)
      reply.code(202)
      return { id: run.id }
    },
  )
}

function retryRoute(app: App, ports: ApiPorts): void {
  app.post(
    '/v1/jobs/:id/retry',
    {
      schema: {
        ...{ tags, summary: 'Try a run again', params: runParams, body: noBody },
        description:
          'A run that waits for its next attempt stops waiting. Of a run that has ended, `spec.rerun` is raised: that is a new run.',
        response: {
          202: z.object({
            id: z.string().describe('the run that will train'),
            action: z.enum(['backoff_skipped', 'rerun_raised']),
            spec_path: z.string().nullable(),
            commit: z.string().nullable(),
            pull_request: z.string().nullable().describe('what has to be merged before it trains'),
          }),
          ...refusals,
        },
      },
    },
    async ({ params }, reply) => {
      const run = await readRun(ports, params.id)
      if (isTerminal(run.state)) {
        const { path, commit, pullRequest, runId } = await ports.raiseRerun(run)
        reply.code(202).header('location', `/v1/jobs/${runId}`)
        return { id: runId, action: 'rerun_raised' as const, spec_path: path, commit, pull_request: pullRequest }
      }
      if (run.nextAttemptAt === null)
        throw new ApiError('RUN_GOES_ON', `run ${run.id} is ${run.state} and waits for no further attempt`, {
          hint: 'cancel it first, or wait for its end',
        })
      await ports.skipBackoff(run)
      reply.code(202)
      return { id: run.id, action: 'backoff_skipped' as const, spec_path: null, commit: null, pull_request: null }
    },
  )
}
