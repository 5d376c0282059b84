import { z } from 'zod'
import { type App, refusals, runParams } from '../app.ts'
import { runNotFound } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import { tokenLifetimeSeconds } from '../tokens.ts'
import { bearerOfRequest, createAdmission, refuseRetired, refuseSuperseded, tokenFirst } from './admission.ts'
import { doneBody, doneOf, eventBody, eventOf, heartbeatBody, heartbeatOf } from './bodies.ts'
import { createKnownRuns, type KnownRuns } from './known-runs.ts'
import { trainerStatusRoute } from './status-route.ts'
import { createTaking, hashOf } from './taking.ts'

const accepted = z.object({
  accepted: z.literal(true),
  token: z.string().optional().describe('use this one from now on'),
  token_expires_at: z.string().optional(),
})
const exchanged = z.object({ token: z.string(), token_expires_at: z.string() })

const documented = { tags: ['trainers'], params: runParams, security: [{ callbackToken: [] }] }

/** The doors of trainers. What is answered with 200 is committed. */
export function callbackRoutes(app: App, ports: ApiPorts): void {
  const { tokens, now } = ports
  const runs = createKnownRuns(ports.records.runs, now)
  const onRequest = tokenFirst(ports)
  const admit = createAdmission(runs)
  const taking = createTaking(app, ports)
  const { take } = taking

  app.post(
    '/v1/jobs/:id/heartbeat',
    {
      onRequest,
      schema: {
        ...{ ...documented, summary: 'Say how far a training is', body: heartbeatBody },
        response: { 200: accepted, ...refusals },
      },
    },
    async (request) => {
      const { body } = request
      const { run, sender, expiresAt } = await admit(request, body, refuseSuperseded)
      const heartbeat = heartbeatOf(body)
      await take(run, { kind: 'heartbeat', sender, body: heartbeat, bodyHash: hashOf(heartbeat), at: now() })
      const remaining = expiresAt.getTime() - now().getTime()
      if (remaining > (tokenLifetimeSeconds / 3) * 1000) return { accepted: true as const }
      const fresh = await tokens.mint({ runId: run.id, attempt: sender.attempt })
      return { accepted: true as const, token: fresh.token, token_expires_at: fresh.expiresAt.toISOString() }
    },
  )

  app.post(
    '/v1/jobs/:id/event',
    {
      onRequest,
      schema: {
        ...{ ...documented, summary: 'Say what happened in a training', body: eventBody },
        response: { 200: accepted, ...refusals },
      },
    },
    async (request) => {
      const { body } = request
      const { run, sender } = await admit(request, body, refuseRetired)
      const event = eventOf(body)
      await take(run, { kind: 'event', sender, body: event, bodyHash: hashOf(event), at: now() })
      return { accepted: true as const }
    },
  )

  app.post(
    '/v1/jobs/:id/done',
    {
      onRequest,
      schema: {
        ...{ ...documented, summary: 'Say how a training ended', body: doneBody },
        response: { 200: accepted, ...refusals },
      },
    },
    async (request) => {
      const { body } = request
      const { run, sender } = await admit(request, body, refuseRetired)
      const done = doneOf(body)
      await take(run, { kind: 'done', sender, body: done, bodyHash: hashOf(done), at: now() })
      return { accepted: true as const }
    },
  )
  trainerStatusRoute(app, { onRequest, admit, taking, now })
  tokenRoute(app, ports, runs)
}

function tokenRoute(app: App, { tokens }: Pick<ApiPorts, 'tokens'>, runs: KnownRuns): void {
  app.post(
    '/v1/jobs/:id/token',
    {
      onRequest: tokenFirst({ tokens }, { allowExpired: true }),
      schema: {
        ...{ ...documented, summary: 'Exchange a token that has expired', body: z.strictObject({}).nullish() },
        response: { 200: exchanged, ...refusals },
      },
    },
    async (request) => {
      const verified = bearerOfRequest(request)
      const run = await runs.fresh(verified.runId)
      if (run === null) throw runNotFound(verified.runId)
      refuseSuperseded(run, verified.attempt)
      const { token, expiresAt } = await tokens.mint(verified)
      return { token, token_expires_at: expiresAt.toISOString() }
    },
  )
}
