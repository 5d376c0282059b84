import type { Json } from '../../domain/canonical.ts'
import type { RunKey } from '../../domain/names.ts'
import type { Place, Problem } from '../../domain/problem.ts'
import type { RunState } from '../../domain/run.ts'

/*
 * What a change of specs does, as people are told before they merge it: most important first. Holds no clock and nothing that differs
 * between two looks at the same change, but for how far the runs are that it stops.
 */

/** From the least to the most, both ends included. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** A value of a plan that is another one than before; null where there was, or will be, none. */
export interface ChangedValue {
  /** Into the plan, as people write paths: `resources.gpus`. */
  readonly path: string
  readonly before: Json
  readonly after: Json
}

/** What a run will take. */
export interface Estimate {
  /** `past-runs`: of the same name, that succeeded. `limits`: its time limit, and nothing as the least. */
  readonly basis: 'past-runs' | 'limits'
  /** Number of past runs that it is made of. */
  readonly pastRuns: number
  /** Attempts that the range holds for: retries of the application included where it is made of limits. */
  readonly attempts: number
  readonly gpus: number
  readonly gpuType: string | null
  /** Hours on the clock. */
  readonly hours: Range
  readonly gpuHours: Range
  /** In the currency of the Environment's price table; null where that has no price for these GPUs. */
  readonly cost: Range | null
}

export interface StartedRun {
  readonly key: RunKey
  readonly runId: string
  readonly where: Place
  /** The run of the same name that it takes the place of. */
  readonly supersedes: string | null
  readonly estimate: Estimate
  /** The run that it is compared with: that one, or the last of its name; null for a first one. */
  readonly before: string | null
  /** Against the run before. */
  readonly changes: readonly ChangedValue[]
}

/** How far a run is, by the records. */
export interface RunProgress {
  readonly state: RunState
  readonly reason: string
  readonly attempt: number
  readonly step: number | null
  readonly epoch: number | null
  readonly totalEpochs: number | null
  /** 0 to 100. */
  readonly percentage: number | null
  /** ISO 8601; null while it has not started. */
  readonly startedAt: string | null
}

export interface StoppedRun {
  readonly key: RunKey
  readonly runId: string
  readonly why: 'SUPERSEDED' | 'SPEC_REMOVED'
  readonly where: Place
  /** Undefined where no records were given, null where they do not know the run. */
  readonly progress: RunProgress | null | undefined
  /** Set where records were not asked, because so many runs stop. */
  readonly unasked?: true
  readonly gpus: number
  readonly gpuType: string | null
}

/** A spec that begins to ask for a run that has ended: nothing starts. */
export interface EndedRun {
  readonly key: RunKey
  readonly runId: string
  readonly where: Place
}

/** Whether there are GPUs for the pods that come before the old ones go. */
export interface Surge {
  /** Pods more than usual, and their GPUs. */
  readonly pods: number
  readonly gpus: number
  readonly gpuType: string | null
  /** `not-needed`: without GPUs, or none more than usual. `unknown`: the Environment does not say how many GPUs it has. */
  readonly room: 'not-needed' | 'enough' | 'too-little' | 'unknown'
  /** GPUs that the Environment has, and that nothing published asks for after the change. */
  readonly offered: number | null
  readonly free: number | null
}

export interface EndpointRelease {
  readonly key: RunKey
  readonly where: Place
  /**
   * `appears`: is new. `moves`: begins anew in another namespace or cluster. `rolls`: its pods are replaced. `changes`: they stay. `begins`: a
   * candidate comes beside what serves. `ends`: that one goes, because the spec asks for what is stable again.
   */
  readonly what: 'appears' | 'moves' | 'rolls' | 'changes' | 'begins' | 'ends'
  /** Of one that moves: whether it stays in its cluster, where Argo CD takes it away in the namespace before; in another cluster it does not. */
  readonly leaves?: 'namespace' | 'cluster'
  /** Of one that begins: the revision that it stands beside, and the per cent of the requests that it gets. */
  readonly beside?: { readonly revision: number; readonly weight: number }
  readonly revision: { readonly before: number; readonly after: number }
  readonly model: { readonly before: string | null; readonly after: string }
  readonly replicas: { readonly before: Range | null; readonly after: Range }
  readonly gpus: { readonly before: Range | null; readonly after: Range }
  readonly costPerHour: { readonly before: Range | null; readonly after: Range | null }
  readonly surge: Surge
  readonly changes: readonly ChangedValue[]
}

export interface WaitingEndpoint {
  readonly key: RunKey
  readonly where: Place
  readonly message: string
  readonly changes: readonly ChangedValue[]
}

/** Something that Argo CD takes out of the cluster because its file goes. */
export interface Prune {
  readonly path: string
  readonly what: string
}

/** A run that goes on as it began, while its spec has come to mean something else: that counts for the next one. */
export interface LaterRun {
  readonly key: RunKey
  readonly runId: string
  readonly where: Place
  readonly changes: readonly ChangedValue[]
}

/** A run that goes on while its Application is sent to another cluster: its Job is made there again, and what runs is left where it is. */
export interface LeftRun {
  readonly key: RunKey
  readonly runId: string
  readonly where: Place
}

export interface ImpactStatement {
  readonly starts: readonly StartedRun[]
  readonly stops: readonly StoppedRun[]
  readonly ended: readonly EndedRun[]
  readonly left: readonly LeftRun[]
  readonly later: readonly LaterRun[]
  readonly releases: readonly EndpointRelease[]
  readonly waits: readonly WaitingEndpoint[]
  readonly removes: readonly { readonly key: RunKey; readonly where: Place }[]
  readonly prunes: readonly Prune[]
  /** Of all runs that start. `cost` is null where none has a price; `unpriced` counts those with GPUs that have none. */
  readonly total: { readonly gpuHours: Range; readonly cost: Range | null; readonly unpriced: number }
  /** What policies say of the result; empty where there are none. */
  readonly policy: readonly Problem[]
}

/** What records know, for those who have a database. */
export interface KnownRuns {
  /** By run id. */
  readonly progress: ReadonlyMap<string, RunProgress>
  /** Ids of runs that were not looked for. */
  readonly unasked?: ReadonlySet<string>
  /** Hours that successful runs took, newest first, by `keyText`. */
  readonly pastHours: ReadonlyMap<string, readonly number[]>
}
