import type { RunLedger } from '../domain/ledger.ts'
import type { LedgerView } from '../domain/ledger-files.ts'
import { keyText, type RunKey } from '../domain/names.ts'
import type { ClusterView, SeenJob, SeenLease, SeenPod } from '../domain/observation.ts'
import type { ReconcilerPorts } from './ports.ts'
import { retiredLeases } from './retired-leases.ts'
import type { ClusterSource } from './sources/cluster.ts'

/** One look at the world: the ledger and each cluster once, for all runs that are decided about. */
export interface Look {
  readonly at: Date
  readonly ledger: LedgerView
  /** Undefined where no cluster is connected; null where it did not answer. */
  view(environment: string): ClusterView | null | undefined
  cluster(environment: string): ClusterSource | undefined
}

/**
 * Looks at the clusters of environments.
 * @param open runs that the records are not done with
 * @param only runs that are to be decided about, where not all are: of others no lease is looked up
 */
export async function lookAt(
  ports: ReconcilerPorts,
  ledger: LedgerView,
  environments: ReadonlySet<string>,
  open: ReadonlySet<string>,
  only?: ReadonlySet<string>,
): Promise<Look> {
  const leases = retiredLeases(ledger, open)
  const views = new Map<string, ClusterView | null>()
  for (const environment of environments) {
    const cluster = ports.cluster(environment)
    if (!cluster) continue
    try {
      views.set(environment, await cluster.view(environment, leases.get(environment), only))
    } catch (error) {
      // One cluster that does not answer stops nothing elsewhere.
      views.set(environment, null)
      ports.log({
        level: 'warn',
        message: `the cluster of ${environment} does not answer: ${error instanceof Error ? error.message : String(error)}`,
      })
    }
  }
  return {
    at: ports.now(),
    ledger,
    view: (environment) => views.get(environment),
    cluster: (environment) => ports.cluster(environment),
  }
}

/** What a cluster has of one run. */
export interface SeenOfRun {
  readonly jobs: readonly SeenJob[]
  readonly pods: readonly SeenPod[]
  readonly leases: readonly SeenLease[]
}

type Collected = { readonly [Noun in keyof SeenOfRun]: SeenOfRun[Noun][number][] }

// A look is asked about thousands of runs; each list is gone through once.
const runsOfView = new WeakMap<ClusterView, ReadonlyMap<string, Collected>>()
const namesOfLedger = new WeakMap<LedgerView, ReadonlyMap<string, RunLedger>>()
const nothing: SeenOfRun = { jobs: [], pods: [], leases: [] }

export function seenOfRun(view: ClusterView | null | undefined, runId: string): SeenOfRun {
  if (!view) return nothing
  let runs = runsOfView.get(view)
  if (!runs) {
    runs = collect(view)
    runsOfView.set(view, runs)
  }
  return runs.get(runId) ?? nothing
}

/** The runs that have a Job somewhere: also those that the records are done with, whose Job somebody brought back. */
export function runsWithJobs(look: Look, environments: ReadonlySet<string>): readonly string[] {
  return [...environments].flatMap((environment) => look.view(environment)?.jobs.map(({ runId }) => runId) ?? [])
}

/** The ledger's entry of a name. */
export function entryOf(ledger: LedgerView, key: RunKey): RunLedger | undefined {
  let names = namesOfLedger.get(ledger)
  if (!names) {
    names = new Map(ledger.runs.map((entry) => [keyText(entry), entry]))
    namesOfLedger.set(ledger, names)
  }
  return names.get(keyText(key))
}

function collect({ jobs, pods, leases }: ClusterView): ReadonlyMap<string, Collected> {
  const runs = new Map<string, Collected>()
  const of = (runId: string): Collected => {
    const known = runs.get(runId)
    if (known) return known
    const fresh: Collected = { jobs: [], pods: [], leases: [] }
    runs.set(runId, fresh)
    return fresh
  }
  for (const job of jobs) of(job.runId).jobs.push(job)
  for (const pod of pods) of(pod.runId).pods.push(pod)
  for (const lease of leases) of(lease.runId).leases.push(lease)
  return runs
}
