import { leaseContainer } from '../../../domain/names.ts'
import type { SeenJob, SeenPod } from '../../../domain/observation.ts'
import type { LeaseName } from '../cluster.ts'
import type { WantedLease } from './leases.ts'

/**
 * The leases that a look needs, with how much each matters.
 * @param named attempts of which no Job may be there any more
 */
export function wantedLeases(
  jobs: readonly SeenJob[],
  pods: readonly SeenPod[],
  named: readonly LeaseName[],
): readonly WantedLease[] {
  const begun = new Set<string>()
  for (const { jobUid, containers } of pods)
    if (jobUid !== null && containers.some((one) => one.init && one.name === leaseContainer && one.exitCode === 0))
      begun.add(jobUid)
  return [
    ...jobs.map(({ namespace, runId, attempt, uid, conditions }): WantedLease => {
      const ended = conditions.some(({ type, status }) => status === 'True' && /^(Complete|Failed)$/.test(type))
      return { namespace, runId, attempt, jobUid: uid, urgency: ended ? 'none' : begun.has(uid) ? 'begun' : 'live' }
    }),
    ...named.map((one): WantedLease => ({ ...one, jobUid: '', urgency: 'once' })),
  ]
}
