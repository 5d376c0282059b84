import type { LedgerView } from '../domain/ledger-files.ts'
import type { LeaseName } from './sources/cluster.ts'

/**
 * The leases that a cluster is asked about by name: those of attempts whose manifests have left, as long as it is not recorded that the lease has
 * gone too. Their Jobs are not there any more to say which leases there may be, and Secrets are never listed.
 * @param open runs that the records are not done with
 * @returns by environment
 */
export function retiredLeases(
  ledger: LedgerView,
  open: ReadonlySet<string>,
): ReadonlyMap<string, readonly LeaseName[]> {
  const leases = new Map<string, LeaseName[]>()
  for (const { environment, project, runs } of ledger.runs) {
    const place = ledger.environments.find((one) => one.environment === environment)
    for (const { id: runId, plan, attempts } of runs) {
      // A run that is not the newest has lost its plan.
      const namespace = plan?.namespace ?? place?.namespaces[project]
      if (!open.has(runId) || namespace === undefined) continue
      const named = leases.get(environment) ?? []
      leases.set(environment, named)
      for (const { attempt, retired } of attempts) if (retired) named.push({ namespace, runId, attempt })
    }
  }
  return leases
}
