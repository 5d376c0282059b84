import type { Endpoint } from '../domain/endpoint.ts'
import { endpointTransition } from './endpoints.ts'
import type { Look } from './look.ts'
import type { ReconcilerPorts } from './ports.ts'

/** Observes all endpoints and writes what changed. @returns whether anything did */
export async function decideEndpoints(ports: ReconcilerPorts, look: Look): Promise<boolean> {
  const { endpoints, serving } = ports.records
  const records = await endpoints.list({})
  const stored = records.length === 0 ? undefined : await serving.states()
  const byName = new Map(records.map((endpoint) => [nameOf(endpoint), endpoint]))
  let moved = false
  for (const entry of look.ledger.endpoints) {
    const before = byName.get(nameOf(entry))
    byName.delete(nameOf(entry))
    const state = before && stored?.get(before.id)
    const decided = endpointTransition(before, state, entry, look.view(entry.environment), look.at)
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

function nameOf(key: Pick<Endpoint, 'environment' | 'project' | 'name'>): string {
  return `${key.environment}/${key.project}/${key.name}`
}
