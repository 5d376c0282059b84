import type { Action, RunEvent } from '../domain/action.ts'
import type { CallbackSender, Done, SaidHeartbeat, TrainerEvent } from '../domain/callback.ts'
import type { Deployment, DeploymentStatus, Measured, ReleaseState } from '../domain/deployment.ts'
import type { Endpoint } from '../domain/endpoint.ts'
import type { LedgerModelVersion } from '../domain/ledger.ts'
import type { EndpointKey } from '../domain/names.ts'
import type { TrainerSaid } from '../domain/observation.ts'
import type { EndpointPlan, TrainingPlan } from '../domain/plan.ts'
import type { Publication } from '../domain/publication.ts'
import type { Run, RunState } from '../domain/run.ts'
import type { TrackedPoint, TrackerLink } from '../domain/tracker.ts'

/** Everything that is remembered, noun by noun. Each noun is a file beside this one; this is the only writer of rows. */
export interface Records {
  readonly runs: RunRecords
  readonly actions: ActionRecords
  readonly callbacks: CallbackRecords
  readonly trackers: TrackerRecords
  readonly models: ModelRecords
  readonly endpoints: EndpointRecords
  readonly serving: ServingRecords
  readonly publications: PublicationRecords
  readonly traces: TraceRecords
  readonly retention: RetentionRecords
  readonly fence: FenceRecords
  /**
   * The same records for the holder of a fence token. Every write, and the reading of due actions, throws Fault FENCE_LOST (never to be tried
   * again) once a newer token was issued; the check is part of the write's own transaction.
   */
  fenced(token: FenceToken): Records
}

/** Counts up for ever, over restarts and restored databases too. */
export type FenceToken = number

/** Which reconciler may write, where several run. */
export interface FenceRecords {
  /**
   * Issues a newer token: from here on every write with an older one is refused. Waits for the writes that are under way, at most as long as
   * the database lets a silent session keep its transaction (10 seconds).
   * @param holder who takes it, for people who read the table: host, process
   */
  take(holder: string): Promise<FenceToken>
  /** Of records that are fenced: throws Fault FENCE_LOST unless their token is still the newest. To be asked right before an effect outside. */
  confirm(): Promise<void>
  current(): Promise<{ readonly token: FenceToken; readonly holder: string; readonly takenAt: Date } | undefined>
}

/** Rows that a call removed. */
export interface Removed {
  readonly callbacks: number
  readonly metrics: number
  readonly events: number
  readonly actions: number
  readonly publications: number
  /** Whether the call left something for the next one. */
  readonly more: boolean
}

export interface RetentionRecords {
  /**
   * Removes what `retentionLimits` keeps no longer, a bounded number of rows each call. Looks at nothing for ten minutes after a call that
   * left nothing behind, and writes nothing where there is nothing to remove.
   */
  apply(now: Date): Promise<Removed>
}

export interface RunQuery {
  readonly environment?: string
  readonly project?: string
  readonly name?: string
  readonly states?: readonly RunState[]
  /** At most 500; 100 unless told. Newest first. */
  readonly limit?: number
  /** The id of the last run of the page before. */
  readonly after?: string
}

/** What a transition writes, in one transaction: the row and its attempts, its history, events and outbox rows. */
export interface RunChange {
  /** The new record; its `version` is still the one that was read. */
  readonly next: Run
  readonly events: readonly RunEvent[]
  readonly actions: readonly Action[]
}

/** A run that is new to the records. */
export interface NewRun {
  readonly run: Run
  readonly plan: TrainingPlan
  /** The first of its events. */
  readonly event: RunEvent
}

export interface StateChange {
  readonly from: RunState | null
  readonly to: RunState
  readonly reason: string
  readonly message: string
  readonly attempt: number
  readonly at: Date
}

export interface StoredRunEvent extends RunEvent {
  /** Counts up over all runs; a resume point for readers. */
  readonly id: number
  readonly at: Date
}

export interface RunRecords {
  get(id: string): Promise<Run | undefined>
  getMany(ids: readonly string[]): Promise<readonly Run[]>
  list(query: RunQuery): Promise<readonly Run[]>
  /** Ids of the runs that are not in a terminal state, or whose attempts are not all retired. */
  openIds(): Promise<readonly string[]>
  /** Adds a run that the ledger has and the records lack; false when it is there already. */
  create(run: Run, plan: TrainingPlan, event: RunEvent): Promise<boolean>
  /** The same of many different runs in one transaction. @returns ids of those that were not there */
  createAll(added: readonly NewRun[]): Promise<ReadonlySet<string>>
  plan(id: string): Promise<TrainingPlan | undefined>
  /** By the ids of their runs. */
  plans(ids: readonly string[]): Promise<ReadonlyMap<string, TrainingPlan>>
  /** False when the record has moved on since `next.version` was read: read again and decide again. */
  apply(change: RunChange): Promise<boolean>
  /** The same of many runs, each once, in one transaction; one answer for each, in order. */
  applyAll(changes: readonly RunChange[]): Promise<readonly boolean[]>
  history(id: string): Promise<readonly StateChange[]>
  /** Events of a run, oldest first, after the event with id `after`; trainer events included. */
  events(id: string, after: number, limit: number): Promise<readonly StoredRunEvent[]>
  metrics(id: string, after: number, limit: number): Promise<readonly MetricPoint[]>
}

export interface MetricPoint {
  readonly id: number
  readonly attempt: number
  /** `trainer`: of a heartbeat. `tracker`: read from the experiment tracker when the attempt had ended. */
  readonly source: 'trainer' | 'tracker'
  readonly epoch: number | null
  readonly step: number
  readonly trainLoss: number | null
  readonly trainAccuracy: number | null
  readonly validationLoss: number | null
  readonly validationAccuracy: number | null
  readonly gpuUtilization: number | null
  readonly memoryUsageGb: number | null
  readonly extra: Readonly<Record<string, number>>
  readonly at: Date
}

export interface PendingAction {
  readonly id: number
  readonly action: Action
  readonly tries: number
  readonly createdAt: Date
}

export interface ActionRecords {
  /** Adds outbox rows outside a transition (e.g. a person's cancel); a row with the same key that is not done yet is left as it is. */
  add(actions: readonly Action[]): Promise<void>
  /**
   * Rows that are due, oldest first: those of `besideKinds`, or all others, so that neither is ever in the other's way.
   * @param runIds of these runs alone
   */
  due(
    now: Date,
    limit: number,
    which?: 'within-passes' | 'beside-passes',
    runIds?: readonly string[],
  ): Promise<readonly PendingAction[]>
  /** Number of rows not done, due or not; without those of `besideKinds` that were tried in vain, for which nobody waits. */
  pendingCount(): Promise<number>
  done(ids: readonly number[], result: string): Promise<void>
  /** Puts rows off after a failure. */
  putOff(ids: readonly number[], until: Date, error: string): Promise<void>
}

export interface TrackerRecords {
  /**
   * Puts what a tracker has of an attempt in place of what was known of it, names it in the run where the attempt is the current one, and tells
   * the events. A history takes the place of the one before; null leaves that. False when there is no such run.
   */
  put(link: TrackerLink, history: readonly TrackedPoint[] | null, events: readonly RunEvent[]): Promise<boolean>
  /** Tells of a run what came of looking for it in its tracker. */
  tell(runId: string, event: RunEvent): Promise<void>
  /** The links of these runs' attempts, by run and attempt. */
  of(runIds: readonly string[]): Promise<readonly TrackerLink[]>
}

export type CallbackMessage =
  | {
      readonly kind: 'heartbeat'
      readonly sender: CallbackSender
      readonly body: SaidHeartbeat
      readonly bodyHash: string
      readonly at: Date
      /** Of a trainer whose steps may begin again in one pod (one training after another): then the sequence alone tells which is newer. */
      readonly newestBy?: 'sequence'
    }
  | {
      readonly kind: 'event'
      readonly sender: CallbackSender
      readonly body: TrainerEvent
      readonly bodyHash: string
      readonly at: Date
    }
  | {
      readonly kind: 'done'
      readonly sender: CallbackSender
      readonly body: Done
      readonly bodyHash: string
      readonly at: Date
    }

/**
 * `stored`: new. `repeated`: the same sequence with the same body was stored before; give the same answer.
 * `conflict`: the same sequence with another body. `stale`: a heartbeat older than the newest of its attempt: kept as a metric, live state
 * unchanged. `unknown-run`: there is no such run.
 */
export type CallbackOutcome = 'stored' | 'repeated' | 'conflict' | 'stale' | 'unknown-run'

export interface CallbackRecords {
  /** Writes a batch in one statement or transaction; one outcome for each message, in order. Committed when it resolves. */
  store(messages: readonly CallbackMessage[]): Promise<readonly CallbackOutcome[]>
  /** What the trainers of a run's attempts have said. */
  said(runId: string): Promise<readonly TrainerSaid[]>
  /** The same of many runs; those of which nothing was said are left out. */
  saidOf(runIds: readonly string[]): Promise<ReadonlyMap<string, readonly TrainerSaid[]>>
}

export interface ModelVersion extends LedgerModelVersion {
  readonly id: string
  readonly project: string
  readonly model: string
  readonly createdAt: Date
  /** Where it stands in a registry beside the ledger; null where it does not. */
  readonly registry: { readonly name: string; readonly version: string; readonly url: string } | null
}

export interface ModelRecords {
  /**
   * Brings versions from the ledger into the records; nothing changes for those that are there. Returns the number added.
   * @param registeredAt now unless told
   */
  absorb(
    project: string,
    model: string,
    family: string | null,
    versions: readonly LedgerModelVersion[],
    registeredAt?: Date,
  ): Promise<number>
  list(query: { readonly project?: string; readonly model?: string }): Promise<readonly ModelVersion[]>
  /** Writes where a version stands in a registry. */
  mirrored(
    of: { readonly project: string; readonly model: string; readonly version: number },
    at: { readonly name: string; readonly version: string; readonly url: string },
  ): Promise<void>
}

export interface EndpointRecords {
  get(key: { environment: string; project: string; name: string }): Promise<Endpoint | undefined>
  list(query: { readonly environment?: string; readonly project?: string }): Promise<readonly Endpoint[]>
  /**
   * Creates or updates the row, with a `deployments` row for each release and `serving_deployments` for the resource: null where there is none,
   * undefined where nobody can tell. The columns that only a plan knows (image, resources, autoscaling, prompt, rollback plan) keep what they have
   * where none is given; the releases are what the endpoint's own row says where none are.
   */
  put(
    endpoint: Endpoint,
    resource: ServingResource | null | undefined,
    plan?: EndpointPlan,
    releases?: Releases,
  ): Promise<void>
  /** Marks an endpoint whose spec is gone as deleted. */
  remove(key: { environment: string; project: string; name: string }): Promise<void>
}

/** The releases of an endpoint that are open; every other one that is recorded as open is over. */
export interface Releases {
  readonly releases: readonly ReleaseState[]
  /** Whether those that are over were taken back, rather than followed by a newer one. */
  readonly takenBack: boolean
}

/** What is recorded beside an endpoint's own row. */
export interface ServingState {
  readonly resource: ServingResource | null
  /** The open ones, oldest first. */
  readonly releases: readonly ReleaseState[]
}

export interface DeploymentQuery {
  /** Of any of these. */
  readonly environments?: readonly string[]
  readonly project?: string
  readonly model?: string
  readonly statuses?: readonly DeploymentStatus[]
  /** At most 500; 100 unless told. Newest first. */
  readonly limit?: number
}

/** What was asked for over the API and is not released yet. */
export interface PendingDeployment {
  readonly endpoint: Endpoint
  readonly modelVersion: number
  readonly modelDigest: string
  readonly createdBy: string
  readonly commit: string | null
  readonly pullRequest: string | null
  readonly message: string
}

export interface ServingRecords {
  /** By the id of the endpoint. */
  states(): Promise<ReadonlyMap<string, ServingState>>
  list(query: DeploymentQuery): Promise<readonly Deployment[]>
  get(id: string): Promise<Deployment | undefined>
  /** The deployment of a release of an endpoint. */
  ofRelease(key: EndpointKey, revision: number): Promise<Deployment | undefined>
  /** Records what was asked for; it becomes the release's own row once that is there. @returns its id */
  propose(pending: PendingDeployment): Promise<string>
  /** Marks a pending one as failed, e.g. because its pull request was closed. */
  giveUp(id: string, message: string): Promise<void>
  /** Writes who brought a release about, where it was asked for over the API. */
  credit(
    id: string,
    by: { readonly createdBy: string; readonly commit: string | null; readonly pullRequest: string | null },
  ): Promise<void>
  measure(id: string, measured: Measured): Promise<void>
  /** Writes what a probe of the route came to; null where it answered. */
  probed(key: EndpointKey, at: Date, trouble: string | null): Promise<void>
  /** How many deployments there have been of each model version, by `project/model@version`. */
  counts(query: { readonly project?: string; readonly model?: string }): Promise<ReadonlyMap<string, number>>
}

/** What `serving_deployments` stores of the workload, once it exists in the cluster. */
export interface ServingResource {
  readonly framework: string
  readonly resourceId: string
  readonly namespace: string
  readonly replicas: number
  readonly minReplicas: number
  readonly maxReplicas: number
  /** What the autoscaler aims at; null where nothing scales. */
  readonly autoscalingMetrics: Readonly<Record<string, number>> | null
  readonly resourceRequests: Readonly<Record<string, string>>
  readonly resourceLimits: Readonly<Record<string, string>>
  readonly status: Readonly<Record<string, unknown>>
}

export interface PublicationRecords {
  /** The newest commit of the deploy repository that is recorded. */
  newestCommit(): Promise<string | null>
  /** Oldest first; those that are there already are left as they are. */
  absorb(publications: readonly Publication[]): Promise<void>
  list(limit: number): Promise<readonly Publication[]>
}

export interface TraceRecords {
  /**
   * Finds what any identifier belongs to: run id, trace id, the tracker's run id, job name, Job or pod UID, pod name, spec path, commit (full or at least 7 digits)
   * of either repository, digest, model digest or `model@version`, endpoint name or `environment/project/name`.
   */
  find(text: string): Promise<readonly TraceHit[]>
}

export interface TraceHit {
  readonly kind: 'run' | 'model-version' | 'endpoint' | 'publication'
  /** Run id, `project/model@version`, `environment/project/name`, commit. */
  readonly id: string
}
