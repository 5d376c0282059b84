import type { ProbePorts, Sample } from '../../api/probes.ts'
import type { Records } from '../../records/records.ts'
import type { CollectionAge } from './clusters.ts'
import type { Reconciling } from './reconciling.ts'

/** What is not confirmed for longer is not known any more, seconds. */
const staleSecondsMax = 60
const runsMost = 500

/**
 * What the probes of a reconciler say. One that waits for the leadership is ready, since it is there to take over; one that cannot find out who leads
 * is not.
 */
export function probePorts(
  reconciling: Pick<Reconciling, 'reconciler' | 'clusters' | 'hindrance'>,
  records: Pick<Records, 'publications' | 'runs' | 'actions'>,
  now: () => Date,
): ProbePorts {
  const unheard = createUnheard(now)
  return {
    notReady: async () => {
      const stale = unheard
        .aged(reconciling.clusters()?.staleness() ?? [])
        .filter(({ seconds }) => seconds > staleSecondsMax)
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
            `cluster of ${environment}: ${collection} not confirmed for ${Math.round(seconds)} s`,
        ),
      ]
    },
    samples: async () => [...leading(reconciling), ...staleness(reconciling), ...(await waiting(records))],
  }
}

/** What was never heard of is as old as the time for which that has been so: a list that never comes must not count as fresh. */
function createUnheard(now: () => Date) {
  const since = new Map<string, number>()
  return {
    aged: (all: readonly CollectionAge[]) =>
      all.map(({ environment, collection, seconds }) => {
        const key = `${environment} ${collection}`
        const at = now().getTime()
        if (seconds === null) since.set(key, since.get(key) ?? at)
        else since.delete(key)
        return { environment, collection, seconds: seconds ?? (at - (since.get(key) ?? at)) / 1000 }
      }),
  }
}

function leading(reconciling: Pick<Reconciling, 'reconciler'>): readonly Sample[] {
  const value = reconciling.reconciler() ? 1 : 0
  return [{ name: 'specyard_leading', help: 'Whether this process reconciles, and not another one', value }]
}

function staleness(reconciling: Pick<Reconciling, 'clusters'>): readonly Sample[] {
  return (reconciling.clusters()?.staleness() ?? []).map(({ environment, collection, seconds }) => ({
    name: 'specyard_cluster_staleness_seconds',
    help: 'Since when nothing was heard of a kind of object; -1 before the first time',
    labels: { environment, collection },
    value: seconds ?? -1,
  }))
}

async function waiting(records: Pick<Records, 'runs' | 'actions'>): Promise<readonly Sample[]> {
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
