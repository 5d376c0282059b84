import { setTimeout as pause } from 'node:timers/promises'
import { ApiError } from './api/api-error.ts'
import { type Api, createApi } from './api/api.ts'
import { type ConnectionChoice, loadCredentials } from './api/credentials.ts'

/*
 * One of several processes leads: the one whose name stands in a Lease of the cluster and is renewed there. Who does not see it renewed for as
 * long as the Lease says takes it. Clocks of machines differ, so the time since the last change is measured here, by a clock that never goes
 * back. A leader that was frozen may not know yet that it was replaced: what it writes then is refused by the fence of the records.
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

export interface LeadershipOptions extends ConnectionChoice {
  readonly lease: { readonly namespace: string; readonly name: string }
  /** Unlike that of any other process, also of one before in the same pod. */
  readonly identity: string
  readonly times?: Partial<typeof leadershipTimes>
  log(entry: { readonly level: 'info' | 'warn'; readonly message: string }): void
}

/** What a leader does; ends soon after the signal is aborted. A term that ends by itself gives the leadership back. */
export type Term = (ended: AbortSignal) => Promise<void>

/** A Lease as far as it matters here. */
interface LeaseObject {
  readonly metadata?: { readonly resourceVersion?: string }
  readonly spec?: {
    readonly holderIdentity?: string | null
    readonly leaseDurationSeconds?: number | null
    readonly leaseTransitions?: number | null
    readonly acquireTime?: string | null
    readonly renewTime?: string | null
  }
}

/**
 * Waits for the leadership, leads, and waits again when it is lost, until `stopped`; then gives it back, so that the next one need not wait.
 * @throws Fault SETTINGS_INVALID when the kubeconfig cannot be read; whatever a term throws
 */
export async function leadInTurns(options: LeadershipOptions, term: Term, stopped: AbortSignal): Promise<void> {
  const api = createApi(await loadCredentials(options))
  try {
    const candidate = createCandidate(api, options)
    while (!stopped.aborted) {
      if (await candidate.tryToLead()) await leadOnce(candidate, options, term, stopped)
      else await rest(options, stopped)
    }
  } finally {
    api.close()
  }
}

interface Candidate {
  /** Takes the Lease where it is free, or renews it. False also when nobody answered. */
  tryToLead(): Promise<boolean>
  release(): Promise<void>
}

async function leadOnce(
  candidate: Candidate,
  options: LeadershipOptions,
  term: Term,
  stopped: AbortSignal,
): Promise<void> {
  const { lease, identity, log } = options
  const over = new AbortController()
  let failure: { readonly error: unknown } | undefined
  log({ level: 'info', message: `${identity} leads by the Lease ${lease.namespace}/${lease.name}` })
  const work = term(over.signal)
    .catch((error: unknown) => {
      failure = { error }
    })
    .finally(() => over.abort())
  await renew(candidate, options, over, stopped)
  over.abort()
  await work
  await candidate.release()
  if (failure) throw failure.error
}

/** Renews until the term is over, or ends it where that does not succeed in time. */
async function renew(
  candidate: Candidate,
  options: LeadershipOptions,
  over: AbortController,
  stopped: AbortSignal,
): Promise<void> {
  const { renew: renewMilliseconds } = { ...leadershipTimes, ...options.times }
  let renewed = performance.now()
  while (!over.signal.aborted && !stopped.aborted) {
    await rest(options, AbortSignal.any([over.signal, stopped]))
    // A process that was frozen finds out here, before it believes itself still the leader.
    const late = performance.now() - renewed > renewMilliseconds
    if (!late && (await candidate.tryToLead())) renewed = performance.now()
    else if (late || performance.now() - renewed > renewMilliseconds) {
      options.log({ level: 'warn', message: `${options.identity} leads no longer: its Lease was not renewed in time` })
      return
    }
  }
}

function createCandidate(api: Api, options: LeadershipOptions): Candidate {
  const { lease, identity } = options
  const { lease: leaseMilliseconds } = { ...leadershipTimes, ...options.times }
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${lease.namespace}/leases`
  const path = `${collection}/${lease.name}`
  let seen: { readonly version: string; readonly at: number } | undefined

  const read = async (): Promise<LeaseObject | null> => {
    try {
      return (await api.json({ path })) as LeaseObject
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null
      throw error
    }
  }
  const write = async (before: LeaseObject | null, holder: string): Promise<void> => {
    const now = microTime(new Date())
    const mine = before?.spec?.holderIdentity === holder
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        ...{ name: lease.name, namespace: lease.namespace },
        ...(before ? { resourceVersion: before.metadata?.resourceVersion ?? '' } : {}),
      },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: Math.ceil(leaseMilliseconds / 1000),
        acquireTime: mine ? before.spec?.acquireTime : now,
        renewTime: now,
        leaseTransitions: (before?.spec?.leaseTransitions ?? 0) + (mine || before === null ? 0 : 1),
      },
    }
    // The version that was read guards the write: of two that try at once, one is refused.
    await api.json(before ? { method: 'PUT', path, body } : { method: 'POST', path: collection, body })
  }
  const isFree = ({ metadata, spec }: LeaseObject): boolean => {
    const version = metadata?.resourceVersion ?? ''
    if (seen?.version !== version) seen = { version, at: performance.now() }
    if (!spec?.holderIdentity || spec.holderIdentity === identity) return true
    return performance.now() - seen.at > (spec.leaseDurationSeconds ?? 0) * 1000
  }
  return {
    tryToLead: async () => {
      try {
        const before = await read()
        if (before && !isFree(before)) return false
        await write(before, identity)
        return true
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (error.status !== 409)
          options.log({ level: 'warn', message: `the Lease ${lease.namespace}/${lease.name}: ${error.message}` })
        return false
      }
    },
    release: async () => {
      try {
        const before = await read()
        if (before?.spec?.holderIdentity === identity) await write(before, '')
      } catch (error) {
        // It runs out by itself.
        if (!(error instanceof ApiError)) throw error
      }
    },
  }
}

async function rest(options: LeadershipOptions, ended: AbortSignal): Promise<void> {
  const { retry } = { ...leadershipTimes, ...options.times }
  await pause(retry * (0.8 + Math.random() * 0.4), undefined, { signal: ended }).catch(() => undefined)
}

function microTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z')
}
