import type { EndpointLedger, EndpointRelease, WantedRelease } from './ledger.ts'
import type { SeenCandidate, SeenEndpoint } from './observation.ts'
import { stableRelease } from './rollout.ts'

/** A release as people and programs are told of it. */
export interface ReleaseView {
  readonly revision: number
  /** `model@version`. */
  readonly model: string
  readonly model_digest: string
  readonly image: string
  readonly chart_version: string
  /** Whether it has been seen healthy with all of the requests. */
  readonly worked: boolean
}

/** One that is in the cluster now, or is to be. */
export interface TrackView extends ReleaseView {
  /** Per cent of the requests. */
  readonly weight: number
  /** Null where nobody looks at the cluster now. */
  readonly replicas: number | null
  readonly ready_replicas: number | null
  readonly reason: string
  readonly message: string
}

/** What an endpoint serves, what stands beside it, and what is held back. */
export interface RolloutView {
  readonly environment: string
  readonly project: string
  readonly name: string
  readonly strategy: 'rolling' | 'canary' | 'blue-green'
  readonly url: string | null
  /** Null while it waits for a model. */
  readonly stable: TrackView | null
  readonly candidate: TrackView | null
  readonly paused: boolean
  /** The stable release is the candidate's already, and its pods are being replaced. */
  readonly promoted: boolean
  readonly hold: 'ROLLED_BACK' | 'ABORTED' | null
  /** What the spec asks for and a hold or a pause keeps back. */
  readonly wanted: { readonly model: string; readonly image: string } | null
  /** Newest first. */
  readonly past: readonly ReleaseView[]
}

/** @param seen what is in the cluster; null where nobody looks, or nothing is there */
export function rolloutView(entry: EndpointLedger, seen: SeenEndpoint | null): RolloutView {
  const { environment, project, name, plan, rollout, hold, wanted, past } = entry
  const stable = stableRelease(entry)
  const candidateWeight = rollout?.weight ?? 0
  return {
    ...{ environment, project, name },
    strategy: (rollout?.candidate.plan ?? plan).rollout.strategy,
    url: seen?.url ?? null,
    stable: stable && trackView(stable, 100 - candidateWeight, seen),
    candidate: rollout ? trackView(rollout.candidate, candidateWeight, seen?.candidate ?? null) : null,
    paused: rollout?.paused ?? false,
    promoted: rollout?.promoted ?? false,
    hold: hold?.why ?? null,
    wanted: wanted ? { model: modelText(wanted), image: wanted.plan.image } : null,
    past: past.map(releaseView),
  }
}

/** Whether there is more to be told than what it serves. */
export function isUnderWay({ candidate, hold, paused }: RolloutView): boolean {
  return candidate !== null || hold !== null || paused
}

function trackView(release: EndpointRelease, weight: number, seen: SeenCandidate | null): TrackView {
  return {
    ...releaseView(release),
    weight,
    replicas: seen?.replicas ?? null,
    ready_replicas: seen?.readyReplicas ?? null,
    reason: seen?.reason ?? '',
    message: seen?.message ?? '',
  }
}

function releaseView(release: EndpointRelease): ReleaseView {
  const { revision, plan, pin, good } = release
  return {
    revision,
    model: modelText(release),
    model_digest: pin.digest,
    image: plan.image,
    chart_version: plan.chartVersion,
    worked: good ?? false,
  }
}

function modelText({ pin }: WantedRelease): string {
  return `${pin.model}@${pin.version}`
}
