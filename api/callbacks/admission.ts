import type { CallbackSender } from '../../domain/callback.ts'
import { isTerminal, type Run } from '../../domain/run.ts'
import { ApiError, runNotFound, tokenError } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'
import type { SenderBody } from './bodies.ts'
import type { KnownRuns } from './known-runs.ts'

/** Who speaks, and that it may: the token's own run and attempt, in a state that `refuse` lets pass. */
export function createAdmission({ tokens }: Pick<ApiPorts, 'tokens'>, runs: KnownRuns) {
  return async (
    id: string,
    authorization: string | undefined,
    body: SenderBody,
    refuse: (run: Run, attempt: number) => void,
  ): Promise<{ run: Run; sender: CallbackSender; expiresAt: Date }> => {
    const verified = await tokens.verify(bearerOf(authorization))
    if (!verified.ok) throw tokenError(verified.code)
    const { runId, attempt, expiresAt } = verified
    refuseOther(id, verified)
    if (body.attempt !== undefined && body.attempt !== attempt)
      throw new ApiError('TOKEN_OTHER_RUN', `the token is of attempt ${attempt}, the body says ${body.attempt}`)
    const run = await runs.get(runId, attempt)
    if (run === null) throw runNotFound(id)
    refuse(run, attempt)
    return { run, sender: { runId, attempt, podUid: body.pod_uid, sequence: body.sequence }, expiresAt }
  }
}

export type Admission = ReturnType<typeof createAdmission>

export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

export function refuseOther(id: string, { runId }: { readonly runId: string }): void {
  if (runId !== id.toLowerCase()) throw new ApiError('TOKEN_OTHER_RUN', 'the token is of another run')
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
