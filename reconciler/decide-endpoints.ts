import type { Endpoint } from '../domain/endpoint.ts'
import type { EndpointLedger } from '../domain/ledger.ts'
import type { ClusterView } from '../domain/observation.ts'
import type { Publication } from '../domain/publication.ts'
import { endpointTransition } from './endpoints.ts'
import type { Look } from './look.ts'
import type { ReconcilerPorts } from './ports.ts'
import { type Commits, isUnmarked, withRevision } from './serving/applied.ts'

/** Publications are followed among so many of the newest. */
const publicationsRead = 1000

/**
 * Observes all endpoints and writes what changed.
 * @param headOf the commit of an environment's branch, which the ledger was read at
 * @returns whether anything did
 */
export async function decideEndpoints(ports: ReconcilerPorts, look: Look, headOf: Commits['headOf']): Promise<boolean> {
  const { endpoints, serving } = ports.records
  const records = await endpoints.list({})
  const stored = records.length === 0 ? undefined : await serving.states()
  const byName = new Map(records.map((endpoint) => [nameOf(endpoint), endpoint]))
  const viewOf = viewsOf(ports, look, headOf)
  let moved = false
  for (const entry of look.ledger.endpoints) {
    const before = byName.get(nameOf(entry))
    byName.delete(nameOf(entry))
    const state = before && stored?.get(before.id)
    const decided = endpointTransition(before, state, entry, await viewOf(entry, before), look.at)
    if (!decided) continue
    const { next, resource, releases, takenBack } = decided
    await endpoints.put(next, resource, entry.plan, { releases, takenBack })
    moved = true
  }
  for (const gone of byName.values()) {
    await endpoints.remove(gone)
    moved = true
  }
  return moved
}

/** What is seen of each endpoint. Of a release under way whose workload does not say which it is, the publications are asked, once for all. */
function viewsOf(ports: ReconcilerPorts, look: Look, headOf: Commits['headOf']) {
  let read: Promise<readonly Publication[]> | undefined
  return async (entry: EndpointLedger, before: Endpoint | undefined): Promise<ClusterView | null | undefined> => {
    const view = look.view(entry.environment)
    if (!view || !isUnmarked(entry, view) || hasComeUp(entry, before)) return view
    read ??= ports.records.publications.list(publicationsRead)
    return withRevision(entry, view, { publications: await read, headOf })
  }
}

function hasComeUp(entry: EndpointLedger, before: Endpoint | undefined): boolean {
  return before?.revision === entry.revision && (before.status === 'healthy' || before.status === 'degraded')
}

function nameOf(key: Pick<Endpoint, 'environment' | 'project' | 'name'>): string {
  return `${key.environment}/${key.project}/${key.name}`
}
