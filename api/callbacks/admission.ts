import type { FastifyRequest } from 'fastify'
import type { CallbackSender } from '../../domain/callback.ts'
import { isTerminal, type Run } from '../../domain/run.ts'
import { ApiError, runNotFound, tokenError } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import type { Verified } from '../tokens.ts'
import type { SenderBody } from './bodies.ts'
import type { KnownRuns } from './known-runs.ts'

/** What a token says of who asks, once it was found to be ours. */
export type Bearer = Extract<Verified, { readonly ok: true }>

const bearers = new WeakMap<FastifyRequest, Bearer>()

/**
 * Whether the token of a request is ours and of the run that it names, asked before anything of its body is read: who has none learns nothing
 * of what a body should be, and costs no more than the head of a request.
 */
export function tokenFirst({ tokens }: Pick<ApiPorts, 'tokens'>, options?: { readonly allowExpired: boolean }) {
  return async (request: FastifyRequest): Promise<void> => {
    const verified = await tokens.verify(bearerOf(request.headers.authorization), options)
    if (!verified.ok) throw tokenError(verified.code)
    const { id } = request.params as { readonly id: string }
    if (verified.runId !== id.toLowerCase()) throw new ApiError('TOKEN_OTHER_RUN', 'the token is of another run')
    bearers.set(request, verified)
  }
}

/** Who asks, by the token that `tokenFirst` has checked. */
export function bearerOfRequest(request: FastifyRequest): Bearer {
  const bearer = bearers.get(request)
  // A route without the hook must not be one that anybody may use.
  if (!bearer) throw tokenError('TOKEN_MISSING')
  return bearer
}

/** Who speaks, and that it may: the token's own run and attempt, in a state that `refuse` lets pass. */
export function createAdmission(runs: KnownRuns) {
  return async (
    request: FastifyRequest,
    body: SenderBody,
    refuse: (run: Run, attempt: number) => void,
  ): Promise<{ run: Run; sender: CallbackSender; expiresAt: Date }> => {
    const { runId, attempt, expiresAt } = bearerOfRequest(request)
    if (body.attempt !== undefined && body.attempt !== attempt)
      throw new ApiError('TOKEN_OTHER_RUN', `the token is of attempt ${attempt}, the body says ${body.attempt}`)
    const run = await runs.get(runId, attempt)
    if (run === null) throw runNotFound(runId)
    refuse(run, attempt)
    return { run, sender: { runId, attempt, podUid: body.pod_uid, sequence: body.sequence }, expiresAt }
  }
}

export type Admission = ReturnType<typeof createAdmission>

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

/** Only the current attempt of a run that has not ended is live. */
export function refuseSuperseded(run: Run, attempt: number): void {
  const hint = 'this process should end: its results are not used'
  if (isTerminal(run.state)) throw new ApiError('TOKEN_SUPERSEDED', `run ${run.id} has ended as ${run.state}`, { hint })
  if (attempt < run.attempt)
    throw new ApiError('TOKEN_SUPERSEDED', `attempt ${attempt} is over; run ${run.id} is at attempt ${run.attempt}`, {
      hint,
    })
}

/** Until its attempt is retired, what a trainer said late is evidence. */
export function refuseRetired(run: Run, attempt: number): void {
  const retired = run.attempts.some((one) => one.attempt === attempt && one.retiredAt !== null)
  if (retired) throw new ApiError('TOKEN_SUPERSEDED', `attempt ${attempt} of run ${run.id} is retired`)
}
