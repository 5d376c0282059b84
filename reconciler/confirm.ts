import type { Endpoint } from '../domain/endpoint.ts'
import type { EndpointLedger } from '../domain/ledger.ts'
import { keyText } from '../domain/names.ts'
import type { ClusterView } from '../domain/observation.ts'
import type { Operation } from '../domain/operation.ts'
import type { Publication } from '../domain/publication.ts'
import type { Look } from './look.ts'
import type { ReconcilerPorts } from './ports.ts'
import { type Commits, isApplied } from './serving/applied.ts'

/** Publications are followed among so many of the newest. */
const publicationsRead = 1000

/**
 * Remembers in the ledger which releases have worked, so that a rollback never picks one that has not, whatever becomes of the records. Decided anew
 * from what is seen in every look: what could not be published is asked for again.
 * @param headOf the commit of an environment's branch, which the ledger was read at
 * @returns whether anything was remembered
 */
export async function confirmReleases(ports: ReconcilerPorts, look: Look, headOf: Commits['headOf']): Promise<boolean> {
  const open = look.ledger.endpoints.filter(isOpen)
  if (open.length === 0) return false
  const records = new Map((await ports.records.endpoints.list({})).map((one) => [keyText(one), one]))
  const healthy = open.filter((entry) => isHealthy(records.get(keyText(entry)), entry))
  if (healthy.length === 0) return false
  const publications = await ports.records.publications.list(publicationsRead)
  const operations = healthy
    .filter((entry) => isSeenWorking(entry, look.view(entry.environment) ?? undefined, publications, headOf))
    .map(({ environment, project, name, revision }): Operation => ({
      kind: 'confirm',
      key: { environment, project, name },
      revision,
    }))
  if (operations.length === 0) return false
  await ports.records.fence.confirm()
  try {
    return (await ports.operate(operations)).some(({ applied }) => applied)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    ports.log({ level: 'warn', message: `which releases have worked could not be remembered yet: ${message}` })
    return false
  }
}

/** Whether a release has all of the requests, and is not known to work. */
function isOpen({ pin, good, rollout }: EndpointLedger): boolean {
  return pin !== null && (rollout ? rollout.promoted === true : !good)
}

function isHealthy(record: Endpoint | undefined, { revision }: EndpointLedger): boolean {
  return record?.status === 'healthy' && record.revision === revision
}

/**
 * Whether what is healthy is this very release: its cluster has applied a commit that is not older than the last one about the endpoint, and what is
 * there says no other revision.
 */
export function isSeenWorking(
  entry: EndpointLedger,
  view: ClusterView | undefined,
  publications: readonly Pick<Publication, 'commit' | 'subjects'>[],
  headOf: Commits['headOf'],
): boolean {
  const seen = view?.endpoints.find((one) => keyText(one) === keyText(entry))
  if (!view || !seen?.current || (seen.revision ?? entry.revision) !== entry.revision) return false
  return isApplied(entry, view, { publications, headOf })
}
