import type { ProbePorts, Sample } from '../../api/probes.ts'
import type { Records } from '../../records/records.ts'
import type { Reconciling } from './reconciling.ts'

/** What is not confirmed for longer is not known any more, seconds. */
const staleSecondsMax = 60
const runsMost = 500

/**
 * What the probes of a reconciler say. One that waits for the leadership is ready, since it is there to take over; one that cannot find out who leads
 * is not.
 */
export function probePorts(reconciling: Reconciling, records: Records): ProbePorts {
  return {
    notReady: async () => {
      const stale = (reconciling.clusters()?.staleness() ?? []).filter(
        ({ seconds }) => (seconds ?? 0) > staleSecondsMax,
      )
      try {
        await records.publications.newestCommit()
      } catch (error) {
        return [`records: ${error instanceof Error ? error.message : String(error)}`]
      }
      const hindrance = reconciling.hindrance()
      return [
        ...(hindrance ? [`leadership: ${hindrance.message}`] : []),
        ...stale.map(
          ({ environment, collection, seconds }) =>
            `cluster of ${environment}: ${collection} not confirmed for ${Math.round(seconds ?? 0)} s`,
        ),
      ]
    },
    samples: async () => [...leading(reconciling), ...staleness(reconciling), ...(await waiting(records))],
  }
}

function leading(reconciling: Reconciling): readonly Sample[] {
  const value = reconciling.reconciler() ? 1 : 0
  return [{ name: 'specyard_leading', help: 'Whether this process reconciles, and not another one', value }]
}

function staleness(reconciling: Reconciling): readonly Sample[] {
  return (reconciling.clusters()?.staleness() ?? []).map(({ environment, collection, seconds }) => ({
    name: 'specyard_cluster_staleness_seconds',
    help: 'Since when nothing was heard of a kind of object; -1 before the first time',
    labels: { environment, collection },
    value: seconds ?? -1,
  }))
}

async function waiting(records: Records): Promise<readonly Sample[]> {
  const queued = await records.runs.list({ states: ['QUEUED'], limit: runsMost })
  return [
    {
      name: 'specyard_waiting_leases',
      help: 'Runs whose pods wait for their lease',
      value: queued.filter(({ reason }) => reason === 'WaitingForLease').length,
    },
    {
      name: 'specyard_pending_actions',
      help: 'What was decided and is not done yet',
      value: await records.actions.pendingCount(),
    },
  ]
}
