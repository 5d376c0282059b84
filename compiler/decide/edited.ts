import { type EndpointLedger, paths, type RunLedger } from '../../domain/ledger.ts'
import type { EndpointKey } from '../../domain/names.ts'
import type { Deployed, Files } from '../../domain/publication.ts'
import { chartVersionsOf } from '../../domain/rollout.ts'
import type { RunOutcomeOfName } from '../ledger/runs.ts'

/*
 * Of a run or endpoint whose file of the ledger somebody else changed, added or deleted nothing is decided: the file is not overwritten, so that a
 * manifest would be published of which the ledger says nothing, or a run begin again that has ended. What is deployed of it stays, as it does for
 * operations, until a person has restored that file.
 */

/** The files of the ledger that somebody else changed. */
export function editedLedgerFiles({ drifted }: Deployed): ReadonlySet<string> {
  return new Set(drifted.map(({ path }) => path).filter((path) => path.startsWith('.specyard/ledger/')))
}

/** Everything of a name's runs as it stands; what its attempts are called the ledger may not say any more. */
export function runsAsDeployed(entry: RunLedger, deployed: Files): RunOutcomeOfName {
  const isIts = new RegExp(`^${paths.job(entry.environment, entry.project, `${entry.name}-[0-9a-f]{8,}-[0-9]+`)}$`)
  const manifests = new Map([...deployed].filter(([path]) => isIts.test(path)))
  return { entry, manifests, started: null, superseded: null, cancelled: null, kept: null }
}

/**
 * The files of an endpoint as they stand, and the versions of the chart that they may be for.
 * @param entry undefined where the ledger has none any more, so that nobody knows which version
 */
export function endpointAsDeployed(
  key: EndpointKey,
  entry: EndpointLedger | undefined,
  deployed: Files,
): { readonly files: Files; readonly charts: readonly string[] } {
  const own = [paths.endpointValues(key), paths.endpointApplication(key)]
  const files = new Map([...deployed].filter(([path]) => own.includes(path)))
  const all = [...deployed.keys()].flatMap((path) => /^charts\/serving-endpoint\/([^/]+)\//.exec(path)?.[1] ?? [])
  return { files, charts: entry ? chartVersionsOf(entry) : [...new Set(all)] }
}
