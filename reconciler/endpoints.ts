import { canonicalJson, type Json } from '../domain/canonical.ts'
import type { ReleaseState } from '../domain/deployment.ts'
import type { Endpoint } from '../domain/endpoint.ts'
import type { EndpointLedger } from '../domain/ledger.ts'
import { endpointId } from '../domain/names.ts'
import type { ClusterView, SeenEndpoint } from '../domain/observation.ts'
import type { ServingResource, ServingState } from '../records/records.ts'
import { endpointStanding } from './serving/releases.ts'

export interface EndpointTransition {
  readonly next: Endpoint
  /** What `serving_deployments` stores: null where there is no workload, undefined where nobody can tell. */
  readonly resource: ServingResource | null | undefined
  /** Its open releases. Any other that is recorded as open is over. */
  readonly releases: readonly ReleaseState[]
  /** Whether those that are over were taken back, rather than followed by a newer one. */
  readonly takenBack: boolean
}

/**
 * Decides the record of an endpoint from the ledger and the cluster; undefined when nothing changes.
 * @param stored what is recorded beside the endpoint's own row
 * @param view undefined where no cluster is connected, null where it did not answer
 */
export function endpointTransition(
  before: Endpoint | undefined,
  stored: ServingState | undefined,
  ledger: EndpointLedger,
  view: ClusterView | null | undefined,
  at: Date,
): EndpointTransition | undefined {
  const { releases, ...standing } = endpointStanding(before, stored?.releases ?? [], ledger, view)
  const { plan, pin } = ledger
  const next: Endpoint = {
    id: before?.id ?? endpointId(ledger),
    environment: ledger.environment,
    project: ledger.project,
    name: ledger.name,
    route: plan.route,
    ...standing,
    modelVersion: pin?.version ?? null,
    modelDigest: pin?.digest ?? null,
    model: plan.model.ref,
    framework: plan.framework,
    minReplicas: plan.replicas.min,
    maxReplicas: plan.replicas.max,
    specPath: plan.source.path,
    specLine: plan.source.line,
    deploymentSpec: plan.deploymentSpec,
    lastHealthCheck: before?.lastHealthCheck ?? null,
    revision: ledger.revision,
    version: before?.version ?? 0,
    createdAt: before?.createdAt ?? at,
    updatedAt: before?.updatedAt ?? at,
  }
  const seen = view?.endpoints.find(
    (one) => one.environment === ledger.environment && one.project === ledger.project && one.name === ledger.name,
  )
  const resource = seen ? resourceOf(ledger, seen) : view ? null : undefined
  const isKnown =
    equal(releases, stored?.releases ?? []) && (resource === undefined || equal(resource, stored?.resource ?? null))
  if (before && isKnown && equal(factsOf(before), factsOf(next))) return undefined
  // Looked at and found to answer, by whoever asks its pods.
  const checked = standing.status === 'healthy' || standing.status === 'degraded' ? at : next.lastHealthCheck
  return {
    next: { ...next, lastHealthCheck: checked, updatedAt: at },
    ...{ resource, releases },
    takenBack: ledger.hold !== undefined,
  }
}

function resourceOf(ledger: EndpointLedger, seen: SeenEndpoint): ServingResource {
  const { resources, replicas, autoscale } = ledger.plan
  const aims = Object.entries(autoscale ?? {}).filter((entry): entry is [string, number] => entry[1] !== null)
  const { framed, candidate } = seen
  return {
    framework: seen.framework,
    resourceId: seen.resourceId,
    namespace: seen.namespace,
    replicas: seen.replicas,
    minReplicas: replicas.min,
    maxReplicas: replicas.max,
    autoscalingMetrics: autoscale === null ? null : Object.fromEntries(aims),
    resourceRequests: { cpu: `${resources.cpuRequestMillicores}m`, memory: String(resources.memoryRequestBytes) },
    resourceLimits: { cpu: `${resources.cpuLimitMillicores}m`, memory: String(resources.memoryLimitBytes) },
    status: {
      ...{ readyReplicas: seen.readyReplicas, current: seen.current, reason: seen.reason, message: seen.message },
      ...(framed && { ...framed }),
      ...(candidate && { candidate: { ...candidate } }),
    },
  }
}

function factsOf({ lastHealthCheck, updatedAt, createdAt, version, id, ...facts }: Endpoint): object {
  return facts
}

function equal(left: unknown, right: unknown): boolean {
  const text = (value: unknown) => canonicalJson(JSON.parse(JSON.stringify(value)) as Json)
  return text(left) === text(right)
}
