import type { Endpoint } from '../domain/endpoint.ts'
import { endpointTransition } from './endpoints.ts'
import type { Look } from './look.ts'
import type { ReconcilerPorts } from './ports.ts'

/** Observes all endpoints and writes what changed. @returns whether anything did */
export async function decideEndpoints(ports: ReconcilerPorts, look: Look): Promise<boolean> {
  const records = await ports.records.endpoints.list({})
  const byName = new Map(records.map((endpoint) => [nameOf(endpoint), endpoint]))
  let moved = false
  for (const entry of look.ledger.endpoints) {
    const before = byName.get(nameOf(entry))
    byName.delete(nameOf(entry))
    const decided = endpointTransition(before, entry, look.view(entry.environment), look.at)
    if (!decided) continue
    await ports.records.endpoints.put(decided.next, decided.resource, entry.plan)
    moved = true
  }
  for (const gone of byName.values()) {
    await ports.records.endpoints.remove(gone)
    moved = true
  }
  return moved
}

function nameOf(key: Pick<Endpoint, 'environment' | 'project' | 'name'>): string {
  return `${key.environment}/${key.project}/${key.name}`
}
