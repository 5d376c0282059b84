import type { Endpoint } from '../../domain/endpoint.ts'
import type { EndpointLedger } from '../../domain/ledger.ts'
import { endpointId, type EndpointKey } from '../../domain/names.ts'
import type { Moment } from './fold-runs.ts'
import { fromLedger } from './record.ts'

/** What a commit means for the record of an endpoint; undefined when nothing that is remembered of it. */
export type EndpointStep =
  | { readonly kind: 'released'; readonly entry: EndpointLedger; readonly since: Date; readonly at: Date }
  | { readonly kind: 'removed'; readonly key: EndpointKey }

/** Folds the history of the ledger into the releases of endpoints, in their order. */
export function foldEndpoints(): (
  path: string,
  entry: EndpointLedger | null,
  moment: Moment,
) => EndpointStep | undefined {
  const known = new Map<string, { readonly key: EndpointKey; readonly revision: number; readonly since: Date }>()
  return (path, entry, { at }) => {
    const before = known.get(path)
    if (entry === null) {
      known.delete(path)
      return before && { kind: 'removed', key: before.key }
    }
    const { environment, project, name, revision } = entry
    const since = before?.since ?? at
    known.set(path, { key: { environment, project, name }, revision, since })
    return before?.revision === revision ? undefined : { kind: 'released', entry, since, at }
  }
}

/**
 * The record of an endpoint as one release left it. Whether it ever became healthy no commit says: what the newest release does now is seen in
 * the cluster.
 */
export function recordOfRelease(entry: EndpointLedger, since: Date, at: Date): Endpoint {
  const { environment, project, name, plan, pin, revision } = entry
  return {
    id: endpointId(entry),
    ...{ environment, project, name, revision },
    route: plan.route,
    status: pin ? 'deploying' : 'waiting',
    reason: fromLedger,
    message: 'known from the history of the deploy repository: whether this release became healthy is not known',
    url: null,
    modelVersion: pin?.version ?? null,
    modelDigest: pin?.digest ?? null,
    model: plan.model.ref,
    framework: plan.framework,
    minReplicas: plan.replicas.min,
    maxReplicas: plan.replicas.max,
    specPath: plan.source.path,
    specLine: plan.source.line,
    deploymentSpec: plan.deploymentSpec,
    lastHealthCheck: null,
    version: 0,
    createdAt: since,
    updatedAt: at,
  }
}
