import type { Fault } from '../../../domain/fault.ts'
import { ApiError } from './api/api-error.ts'
import { type Api, unanswered } from './api/api.ts'
import { clusterFault } from './faults.ts'

/*
 * One process before a Lease. Clocks of machines differ, so times that stand in the Lease are not compared: how long it has not changed is measured
 * here, by a clock that never goes back.
 */

/** What a try came to. `lost-race`: somebody else wrote the Lease between our look and our write. */
export type Attempt =
  | { readonly outcome: 'mine' }
  | {
      readonly outcome: 'held'
      readonly holder: string
      /** Whether the Lease has changed since our last look: its holder lives. */
      readonly renewed: boolean
      /** When it runs out unless it is renewed, from now. */
      readonly leftMilliseconds: number
    }
  | { readonly outcome: 'lost-race' }
  | { readonly outcome: 'unknown'; readonly fault: Fault }

export interface Candidate {
  /** Takes the Lease where it is free, or renews it. Gives up after so long, or when `stopped`. */
  tryToLead(patience: { readonly milliseconds: number; readonly stopped: AbortSignal }): Promise<Attempt>
  /** Gives the Lease back where it is still ours; gives up after so long, since it runs out by itself. */
  release(milliseconds: number): Promise<void>
}

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

export interface CandidateOptions {
  readonly lease: { readonly namespace: string; readonly name: string }
  readonly identity: string
  readonly leaseMilliseconds: number
}

export function createCandidate(api: Api, options: CandidateOptions): Candidate {
  const { lease, identity, leaseMilliseconds } = options
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${lease.namespace}/leases`
  const path = `${collection}/${lease.name}`
  let seen: { readonly version: string; readonly at: number } | undefined

  const read = async (signal: AbortSignal): Promise<LeaseObject | null> => {
    try {
      return (await api.json({ path, signal })) as LeaseObject
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null
      throw error
    }
  }
  const write = async (before: LeaseObject | null, holder: string, signal: AbortSignal): Promise<void> => {
    const version = before && { resourceVersion: before.metadata?.resourceVersion ?? '' }
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: lease.name, namespace: lease.namespace, ...version },
      spec: specOf(before, holder, leaseMilliseconds),
    }
    // The version that was read guards the write: of two that try at once, one is refused.
    await api.json(before ? { method: 'PUT', path, body, signal } : { method: 'POST', path: collection, body, signal })
  }
  /** Who holds a Lease other than us; undefined where it is free or has run out. */
  const heldByOther = ({ metadata, spec }: LeaseObject): Attempt | undefined => {
    const version = metadata?.resourceVersion ?? ''
    const renewed = seen !== undefined && seen.version !== version
    if (seen?.version !== version) seen = { version, at: performance.now() }
    const holder = spec?.holderIdentity
    if (!holder || holder === identity) return undefined
    const milliseconds = (spec.leaseDurationSeconds ?? leaseMilliseconds / 1000) * 1000
    const leftMilliseconds = seen.at + milliseconds - performance.now()
    return leftMilliseconds < 0 ? undefined : { outcome: 'held', holder, renewed, leftMilliseconds }
  }
  return {
    tryToLead: async ({ milliseconds, stopped }) => {
      const enough = AbortSignal.timeout(Math.ceil(milliseconds))
      const signal = AbortSignal.any([stopped, enough])
      try {
        const before = await read(signal)
        const held = before ? heldByOther(before) : undefined
        if (held) return held
        await write(before, identity, signal)
        return { outcome: 'mine' }
      } catch (cause) {
        // Credentials that cannot be made just now are no reason to die of, either.
        const error = unanswered(cause)
        if (error.status === 409) return { outcome: 'lost-race' }
        // One connection that nothing comes through may not be the only one.
        if (error.status === null) api.dropIdle()
        const told = enough.aborted ? new ApiError(`no answer within ${milliseconds / 1000} s`) : error
        const what = `the Lease ${lease.namespace}/${lease.name}`
        return { outcome: 'unknown', fault: clusterFault(told, what, api.server) }
      }
    },
    release: async (milliseconds) => {
      const signal = AbortSignal.timeout(Math.ceil(milliseconds))
      try {
        const before = await read(signal)
        if (before?.spec?.holderIdentity === identity) await write(before, '', signal)
      } catch {
        // It runs out by itself.
      }
    },
  }
}

/** @param holder empty: nobody's */
function specOf(before: LeaseObject | null, holder: string, leaseMilliseconds: number): LeaseObject['spec'] {
  const now = microTime(new Date())
  const { holderIdentity, acquireTime, leaseTransitions } = before?.spec ?? {}
  const isTaken = holder !== '' && holder !== holderIdentity
  return {
    holderIdentity: holder,
    leaseDurationSeconds: Math.ceil(leaseMilliseconds / 1000),
    acquireTime: isTaken ? now : (acquireTime ?? now),
    renewTime: now,
    leaseTransitions: (leaseTransitions ?? 0) + (isTaken && before !== null ? 1 : 0),
  }
}

function microTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z')
}
