import { canonicalJson, type Json, uuid5 } from '../domain/canonical.ts'
import type { Endpoint } from '../domain/endpoint.ts'
import type { EndpointLedger } from '../domain/ledger.ts'
import { applicationName } from '../domain/ledger.ts'
import { runNamespace } from '../domain/names.ts'
import type { ClusterView, SeenEndpoint } from '../domain/observation.ts'
import type { ServingResource } from '../records/records.ts'

export interface EndpointTransition {
  readonly next: Endpoint
  /** What `serving_deployments` stores, once the workload exists. */
  readonly resource: ServingResource | null
}

type Standing = Pick<Endpoint, 'status' | 'reason' | 'message' | 'url'>

/**
 * Decides the record of an endpoint from the ledger and the cluster; undefined when nothing changes.
 * @param view undefined where no cluster is connected, null where it did not answer
 */
export function endpointTransition(
  before: Endpoint | undefined,
  ledger: EndpointLedger,
  view: ClusterView | null | undefined,
  at: Date,
): EndpointTransition | undefined {
  const seen = view?.endpoints.find(
    (one) => one.environment === ledger.environment && one.project === ledger.project && one.name === ledger.name,
  )
  const standing = stand(before, ledger, seen, view)
  const { plan, pin } = ledger
  const next: Endpoint = {
    id: before?.id ?? uuid5(runNamespace, `endpoint ${ledger.environment}/${ledger.project}/${ledger.name}`),
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
  if (before && same(before, next)) return undefined
  const checked = standing.status === 'healthy' || standing.status === 'degraded' ? at : next.lastHealthCheck
  return {
    next: { ...next, lastHealthCheck: checked, updatedAt: at },
    resource: seen ? resourceOf(ledger, seen) : null,
  }
}

function stand(
  before: Endpoint | undefined,
  ledger: EndpointLedger,
  seen: SeenEndpoint | undefined,
  view: ClusterView | null | undefined,
): Standing {
  const { plan, pin } = ledger
  if (!pin) {
    const what =
      plan.follow === 'promotion'
        ? `waits for a promotion of model ${plan.model.ref} to ${plan.environment}`
        : `model ${plan.model.ref} has no version yet`
    return { status: 'waiting', reason: 'WAITING_FOR_MODEL', message: `WAITING_FOR_MODEL: ${what}`, url: null }
  }
  if (view === undefined)
    return {
      status: 'deploying',
      reason: 'ClusterNotConnected',
      message: `no cluster is connected for ${plan.environment}`,
      url: null,
    }
  if (view === null)
    return {
      status: before?.status ?? 'deploying',
      reason: 'ClusterUnreachable',
      message: 'the cluster does not answer',
      url: before?.url ?? null,
    }
  const application = view.applications.find((one) => one.name === applicationName.endpoint(ledger))
  if (application?.phase === 'Failed' && !seen)
    return { status: 'failed', reason: 'SyncFailed', message: application.message, url: null }
  if (!seen)
    return {
      status: 'deploying',
      reason: 'Published',
      message: 'published; the cluster has not made it yet',
      url: null,
    }
  const ready = seen.readyReplicas >= Math.max(1, Math.min(plan.replicas.min, seen.replicas))
  const current = seen.current && seen.modelDigest === pin.digest
  if (ready && current) return { status: 'healthy', reason: '', message: '', url: seen.url }
  if (seen.failing && seen.readyReplicas === 0)
    return { status: 'failed', reason: seen.reason, message: seen.message, url: seen.url }
  const was = before?.status === 'healthy' || before?.status === 'degraded'
  if (was && current)
    return { status: 'degraded', reason: seen.reason || 'NotReady', message: seen.message, url: seen.url }
  return { status: 'deploying', reason: seen.reason || 'Starting', message: seen.message, url: seen.url }
}

function resourceOf(ledger: EndpointLedger, seen: SeenEndpoint): ServingResource {
  const { resources, replicas } = ledger.plan
  return {
    framework: seen.framework,
    resourceId: seen.resourceId,
    namespace: seen.namespace,
    replicas: seen.replicas,
    minReplicas: replicas.min,
    maxReplicas: replicas.max,
    resourceRequests: { cpu: `${resources.cpuRequestMillicores}m`, memory: String(resources.memoryRequestBytes) },
    resourceLimits: { cpu: `${resources.cpuLimitMillicores}m`, memory: String(resources.memoryLimitBytes) },
    status: { readyReplicas: seen.readyReplicas, reason: seen.reason, message: seen.message },
  }
}

function same(left: Endpoint, right: Endpoint): boolean {
  const facts = ({
    lastHealthCheck: _checked,
    updatedAt: _updated,
    createdAt: _created,
    version: _version,
    id: _id,
    ...rest
  }: Endpoint) => canonicalJson(JSON.parse(JSON.stringify(rest)) as Json)
  return facts(left) === facts(right)
}
