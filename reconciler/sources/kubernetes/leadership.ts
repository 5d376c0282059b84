import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '../../../domain/fault.ts'
import { createApi } from './api/api.ts'
import { type ConnectionChoice, loadCredentials } from './api/credentials.ts'
import { type Attempt, type Candidate, createCandidate } from './candidate.ts'

/*
 * One of several processes leads: the one whose name stands in a Lease of the cluster and is renewed there. Who does not see it renewed for as
 * long as the Lease says takes it. A leader that was frozen may not know yet that it was replaced: what it writes then is refused by the fence of
 * the records.
 * https://kubernetes.io/docs/concepts/architecture/leases/
 */

/** As Kubernetes' own controllers have them, milliseconds. */
export const leadershipTimes = {
  /** Somebody else may take a Lease that was not renewed for so long. */
  lease: 15_000,
  /** A leader that could not renew for so long leads no longer. */
  renew: 10_000,
  retry: 2000,
}

/** No two looks follow each other sooner. */
const leastMilliseconds = 50

export interface LeadershipOptions extends ConnectionChoice {
  readonly lease: { readonly namespace: string; readonly name: string }
  /** Unlike that of any other process, also of one before in the same pod. */
  readonly identity: string
  readonly times?: Partial<typeof leadershipTimes>
  /** True: waits for no holder that is seen to renew its Lease, and returns. */
  readonly yields?: boolean
  /** Hears at every look what keeps it from the Lease; undefined where that is nothing, or another process that leads. */
  hindered?(fault: Fault | undefined): void
  log(entry: { readonly level: 'info' | 'warn'; readonly message: string }): void
}

/** What a leader does; ends soon after the signal is aborted. A term that ends by itself gives the leadership back. */
export type Term = (ended: AbortSignal) => Promise<void>

/**
 * Waits for the leadership, leads, and waits again when it is lost, until `stopped`; then gives it back, so that the next one need not wait.
 * @returns what kept it from the Lease in the end, where that was not another process
 * @throws Fault SETTINGS_INVALID when the kubeconfig cannot be read; whatever a term throws
 */
export async function leadInTurns(
  options: LeadershipOptions,
  term: Term,
  stopped: AbortSignal,
): Promise<Fault | undefined> {
  const api = createApi(await loadCredentials(options))
  const times = { ...leadershipTimes, ...options.times }
  const candidate = createCandidate(api, { ...options, leaseMilliseconds: times.lease })
  const told = teller(options)
  let hindrance: Fault | undefined
  try {
    for (;;) {
      const attempt = await candidate.tryToLead({ milliseconds: times.renew, stopped })
      // What was asked for may have been done although the answer was not waited for.
      if (stopped.aborted) await candidate.release(times.retry)
      if (stopped.aborted) return hindrance
      hindrance = attempt.outcome === 'unknown' ? attempt.fault : undefined
      told(attempt)
      if (options.yields && attempt.outcome === 'held' && attempt.renewed) return undefined
      if (attempt.outcome === 'mine') await leadOnce(candidate, { ...options, times, told }, term, stopped)
      // A Lease that runs out before the next look would else be found so much later.
      const left = attempt.outcome === 'held' ? Math.max(leastMilliseconds, attempt.leftMilliseconds) : Infinity
      await rest(Math.min(times.retry, left), stopped)
      if (stopped.aborted) return hindrance
    }
  } finally {
    api.close()
  }
}

interface LeadingOptions extends LeadershipOptions {
  readonly times: typeof leadershipTimes
  told(attempt: Attempt): void
}

async function leadOnce(
  candidate: Candidate,
  options: LeadingOptions,
  term: Term,
  stopped: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  let failure: { readonly error: unknown } | undefined
  const work = term(over.signal)
    .catch((error: unknown) => {
      failure = { error }
    })
    .finally(() => over.abort())
  await renew(candidate, options, over.signal, stopped)
  over.abort()
  await work
  await candidate.release(options.times.retry)
  if (failure) throw failure.error
}

/** Renews until the term is over or somebody else holds the Lease, or ends it where that does not succeed in time. */
async function renew(
  candidate: Candidate,
  options: LeadingOptions,
  over: AbortSignal,
  stopped: AbortSignal,
): Promise<void> {
  const { times, identity, log, told } = options
  const ended = AbortSignal.any([over, stopped])
  let renewed = performance.now()
  for (;;) {
    await rest(times.retry, ended)
    if (ended.aborted) return
    // Others count from when they see the renewal, which is never before it was asked for.
    const asked = performance.now()
    const left = times.renew - (asked - renewed)
    // A process that was frozen finds out here, before it believes itself still the leader.
    const attempt = left > 0 ? await candidate.tryToLead({ milliseconds: left, stopped: ended }) : undefined
    if (ended.aborted) return
    if (attempt) told(attempt)
    if (attempt?.outcome === 'mine') renewed = asked
    else if (attempt?.outcome === 'held') {
      log({ level: 'warn', message: `${identity} leads no longer: ${attempt.holder} has taken its Lease` })
      return
    } else if (performance.now() - renewed >= times.renew) {
      log({ level: 'warn', message: `${identity} leads no longer: its Lease was not renewed in time` })
      return
    }
  }
}

/** Says who leads, and what is in the way, each once and not at every look. */
function teller({ identity, lease, log, hindered }: LeadershipOptions): (attempt: Attempt) => void {
  const name = `the Lease ${lease.namespace}/${lease.name}`
  let last = ''
  return (attempt) => {
    if (attempt.outcome === 'lost-race') return
    hindered?.(attempt.outcome === 'unknown' ? attempt.fault : undefined)
    const { level, message } =
      attempt.outcome === 'mine'
        ? ({ level: 'info', message: `${identity} leads by ${name}` } as const)
        : attempt.outcome === 'held'
          ? ({ level: 'info', message: `${attempt.holder} leads by ${name}; ${identity} waits` } as const)
          : ({ level: 'warn', message: attempt.fault.message } as const)
    if (message !== last) log({ level, message })
    last = message
  }
}

/** Not all at the same moments, so that of several who wait one is first. */
async function rest(milliseconds: number, ended: AbortSignal): Promise<void> {
  await pause(milliseconds * (0.8 + Math.random() * 0.4), undefined, { signal: ended }).catch(() => undefined)
}
