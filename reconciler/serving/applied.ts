import { applicationName, type EndpointLedger } from '../../domain/ledger.ts'
import { keyText } from '../../domain/names.ts'
import type { ClusterView } from '../../domain/observation.ts'
import type { Publication } from '../../domain/publication.ts'

/** What is known of commits: those of ours, newest first, and the one that the ledger was read at. */
export interface Commits {
  readonly publications: readonly Pick<Publication, 'commit' | 'subjects'>[]
  /** Of the branch that an environment is on. */
  headOf(environment: string): string | null
}

/** Whether the cluster has applied a commit that is not older than the last one about an endpoint. */
export function isApplied(entry: EndpointLedger, view: ClusterView, { publications, headOf }: Commits): boolean {
  const applied = view.applications.find((one) => one.name === applicationName.endpoint(entry))?.appliedRevision
  if (!applied) return false
  if (applied === headOf(entry.environment)) return true
  const newest = publications.findIndex(({ subjects }) => subjects.includes(keyText(entry)))
  const at = publications.findIndex(({ commit }) => commit === applied)
  return at >= 0 && (newest < 0 || at <= newest)
}

/** Whether a workload is there that does not say which release it is: KServe would give the number to its pods, and so replace them at each release. */
export function isUnmarked(entry: EndpointLedger, view: ClusterView | null | undefined): boolean {
  return seenOf(entry, view)?.revision === null && entry.pin !== null
}

/**
 * The view with the release of an endpoint's workload as its Application tells it: this one once a commit is applied that has it, before that one from
 * before (0). Where nothing applies anything, nothing is known.
 */
export function withRevision(entry: EndpointLedger, view: ClusterView, commits: Commits): ClusterView {
  const seen = seenOf(entry, view)
  if (!seen || !view.applications.some((one) => one.name === applicationName.endpoint(entry))) return view
  const revision = isApplied(entry, view, commits) ? entry.revision : 0
  const marked = { ...seen, revision }
  return { ...view, endpoints: view.endpoints.map((one) => (one === seen ? marked : one)) }
}

function seenOf(entry: EndpointLedger, view: ClusterView | null | undefined) {
  return view?.endpoints.find((one) => keyText(one) === keyText(entry))
}
