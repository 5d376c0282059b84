import type { ReleaseState } from '../../domain/deployment.ts'
import type { Endpoint } from '../../domain/endpoint.ts'
import { applicationName, type EndpointLedger, type EndpointRelease } from '../../domain/ledger.ts'
import type { ClusterView, SeenEndpoint } from '../../domain/observation.ts'
import { type Standing, standingOf } from './standing.ts'

/** How an endpoint stands, by its stable release and by the candidate beside it. */
export interface EndpointStanding {
  readonly status: Endpoint['status']
  readonly reason: string
  readonly message: string
  readonly url: string | null
  /** The rows of `deployments` that are open: the stable release, then the candidate. */
  readonly releases: readonly ReleaseState[]
}

/** @param view undefined where no cluster is connected, null where it did not answer */
export function endpointStanding(
  before: Endpoint | undefined,
  known: readonly ReleaseState[],
  ledger: EndpointLedger,
  view: ClusterView | null | undefined,
): EndpointStanding {
  const { plan, pin, revision } = ledger
  if (!pin) return { ...waiting(ledger), url: null, releases: [] }
  const stable: EndpointRelease = { revision, plan, pin }
  // A promoted candidate is the stable release itself: what is told of it is how its own pods come up.
  const rollout = ledger.rollout?.promoted ? undefined : ledger.rollout
  if (view === undefined) {
    const message = `no cluster is connected for ${plan.environment}`
    return unseen({ status: 'deploying', reason: 'ClusterNotConnected', message, url: null }, stable, rollout, known)
  }
  if (view === null) {
    const { status = 'deploying', url = null } = before ?? {}
    const message = 'the cluster does not answer'
    return unseen({ status, reason: 'ClusterUnreachable', message, url }, stable, rollout, known)
  }
  const seen = view.endpoints.find((one) => isOf(one, ledger))
  const application = view.applications.find((one) => one.name === applicationName.endpoint(ledger))
  const url = seen?.url ?? null
  const hadComeUp = (release: EndpointRelease): boolean =>
    known.some((one) => one.revision === release.revision && one.status === 'active') ||
    (before?.revision === release.revision && (before.status === 'healthy' || before.status === 'degraded'))
  // What the Application cannot render during a rollout is what came last.
  const first = standingOf(stable, seen, rollout ? undefined : application, hadComeUp(stable))
  if (!rollout) return { ...wordsOf(first), url, releases: [releaseOf(stable, first, url, null)] }
  const second = standingOf(rollout.candidate, seen?.candidate, application, hadComeUp(rollout.candidate))
  const { weight } = rollout
  return {
    ...together(first, second, rollout.candidate.revision),
    url,
    releases: [
      releaseOf(stable, first, url, 100 - weight),
      releaseOf(rollout.candidate, underWay(second, weight), url, weight),
    ],
  }
}

/** The row of a release that is no more than read from the ledger. */
export function releaseOf(
  { revision, pin }: EndpointRelease,
  standing: Standing,
  url: string | null,
  weight: number | null,
): ReleaseState {
  const { release: status, health, reason, message } = standing
  return { revision, modelVersion: pin.version, modelDigest: pin.digest, status, health, reason, message, url, weight }
}

/** A candidate is not deployed until it has all of the traffic. */
function underWay(standing: Standing, weight: number): Standing {
  return standing.release === 'active' && weight < 100 ? { ...standing, release: 'deploying' } : standing
}

/** A broken candidate is trouble of the endpoint, however well the stable release serves. */
function together(stable: Standing, candidate: Standing, revision: number) {
  const isBroken = candidate.status === 'failed' || candidate.status === 'degraded'
  if (stable.status !== 'healthy' || !isBroken) return wordsOf(stable)
  const message = `release ${revision}, the candidate: ${candidate.message}`
  return { status: 'degraded' as const, reason: candidate.reason, message }
}

function wordsOf({ status, reason, message }: Standing) {
  return { status, reason, message }
}

function waiting({ plan }: EndpointLedger) {
  const what =
    plan.follow === 'promotion'
      ? `waits for a promotion of model ${plan.model.ref} to ${plan.environment}`
      : `model ${plan.model.ref} has no version yet`
  return { status: 'waiting' as const, reason: 'WAITING_FOR_MODEL', message: `WAITING_FOR_MODEL: ${what}` }
}

/** What was known of the releases is all that is known. */
function unseen(
  words: Omit<EndpointStanding, 'releases'>,
  stable: EndpointRelease,
  rollout: EndpointLedger['rollout'],
  known: readonly ReleaseState[],
): EndpointStanding {
  const { reason, message } = words
  const fresh: Standing = { status: 'deploying', release: 'validating', health: null, reason, message }
  const of = (release: EndpointRelease, weight: number | null): ReleaseState => {
    const before = known.find((one) => one.revision === release.revision)
    return before ? { ...before, weight } : releaseOf(release, fresh, null, weight)
  }
  const releases = rollout
    ? [of(stable, 100 - rollout.weight), of(rollout.candidate, rollout.weight)]
    : [of(stable, null)]
  return { ...words, releases }
}

function isOf(seen: SeenEndpoint, { environment, project, name }: EndpointLedger): boolean {
  return seen.environment === environment && seen.project === project && seen.name === name
}
