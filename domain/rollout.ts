import type { EndpointLedger, EndpointRelease, WantedRelease } from './ledger.ts'

/** Where a rollout is: what an operation on it expects. */
export interface RolloutState {
  /** Of the stable release. */
  readonly revision: number
  /** Revision of the candidate; null where there is none. */
  readonly candidate: number | null
  /** Per cent of the requests that the candidate gets; null where there is none. */
  readonly weight: number | null
}

export function rolloutState({ revision, rollout }: EndpointLedger): RolloutState {
  return { revision, candidate: rollout?.candidate.revision ?? null, weight: rollout?.weight ?? null }
}

/** The stable release of an endpoint; null while it waits for a model. */
export function stableRelease({ revision, plan, pin, good }: EndpointLedger): EndpointRelease | null {
  return pin && (good ? { revision, plan, pin, good } : { revision, plan, pin })
}

/** What specs asked for last, whether it serves, is rolled out or is kept back. */
export function lastAsked({ plan, pin, rollout, wanted }: EndpointLedger): Pick<EndpointLedger, 'plan' | 'pin'> {
  return wanted ?? rollout?.candidate ?? { plan, pin }
}

/** Whether specs do not move the endpoint until a person says so. */
export function isHeld({ hold, rollout }: EndpointLedger): boolean {
  return hold !== undefined || rollout?.paused === true
}

/** Highest number that a release of the endpoint has had. */
export function highestRevision({ revision, released }: EndpointLedger): number {
  return Math.max(revision, released ?? 0)
}

/** The same thing asked for: by what a person wrote, and which bytes of which model. */
export function isSameWish(left: WantedRelease, right: WantedRelease): boolean {
  return left.plan.digest === right.plan.digest && left.pin.digest === right.pin.digest
}

/** The chart versions whose files an endpoint may need: of what serves, and of what a rollback may return to. */
export function chartVersionsOf({ plan, pin, rollout, past }: EndpointLedger): readonly string[] {
  if (!pin) return []
  if (!rollout && past.length === 0) return [plan.chartVersion]
  const beside = rollout ? [rollout.candidate] : []
  const releases = [...beside, ...past.filter((one) => one.good)]
  return [...new Set([plan.chartVersion, ...releases.map((one) => one.plan.chartVersion)])]
}
