import { applicationName } from '../domain/ledger.ts'
import type { Publication } from '../domain/publication.ts'
import type { ReconcilerPorts } from './ports.ts'

/** The names of the Applications that commits concern, by environment: those over the Jobs or the endpoint of each subject, and the root. */
export function applicationsOf(publications: readonly Publication[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, Set<string>>()
  for (const subject of publications.flatMap((one) => one.subjects)) {
    const [environment, project, name] = subject.split('/')
    if (!environment || !project || !name) continue
    const known = names.get(environment) ?? new Set([applicationName.root(environment)])
    known.add(applicationName.jobs(environment, project))
    known.add(applicationName.endpoint({ environment, project, name }))
    names.set(environment, known)
  }
  return new Map([...names].map(([environment, known]) => [environment, [...known]]))
}

/** Asks for what was published to be synced now; where that fails, the cluster looks by itself in some minutes. */
export async function refreshAfter(publications: readonly Publication[], ports: ReconcilerPorts): Promise<void> {
  for (const [environment, names] of applicationsOf(publications)) {
    try {
      await ports.cluster(environment)?.refresh(names)
    } catch (error) {
      ports.log({
        level: 'info',
        message: `Applications of ${environment} were not refreshed: ${error instanceof Error ? error.message : String(error)}`,
      })
    }
  }
}
