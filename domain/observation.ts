import type { Done, Heartbeat } from './callback.ts'
import type { DriftedFile, LedgerRun } from './ledger.ts'
import type { Evidence } from './run.ts'

/** A condition of a Kubernetes object, as the object has it. */
export interface SeenCondition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly at: Date | null
}

/** The fields of a Job that are read, on every cluster alike. */
export interface SeenJob {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly runId: string
  readonly attempt: number
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly suspended: boolean
  readonly conditions: readonly SeenCondition[]
  readonly active: number
  readonly ready: number
  readonly succeeded: number
  readonly failed: number
  readonly deletionRequestedAt: Date | null
  /** Of one that is told to go: who must let go of it first. */
  readonly finalizers?: readonly string[]
  /** What a queue says of it; null where no queue has taken it up. */
  readonly workload: SeenWorkload | null
}

/** Kueue's Workload of a Job. */
export interface SeenWorkload {
  readonly name: string
  /** `QuotaReserved`, `Admitted`, `Evicted`, `Preempted` …, in Kueue's own words. */
  readonly conditions: readonly SeenCondition[]
}

export interface SeenContainer {
  readonly name: string
  readonly init: boolean
  readonly state: 'waiting' | 'running' | 'terminated'
  /** E.g. `CreateContainerConfigError`, `OOMKilled`, `Completed`; empty when there is none. */
  readonly reason: string
  readonly message: string
  readonly exitCode: number | null
  readonly signal: string | null
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly imageDigest: string | null
}

/** The fields of a Pod that are read. */
export interface SeenPod {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  /** UID of the Job that owns it; null for an orphan. */
  readonly jobUid: string | null
  /** Of an orphan: UID of the Job that made it, where the pod still says so. */
  readonly formerJobUid?: string
  readonly runId: string
  readonly attempt: number
  /** Which of the pods of a multi-node training it is, from 0; null for the only one. */
  readonly completionIndex: number | null
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly node: string | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly conditions: readonly SeenCondition[]
  readonly containers: readonly SeenContainer[]
  readonly deletionRequestedAt: Date | null
}

/** What a part of the cluster told of an object. */
export interface SeenEvent {
  readonly type: 'Normal' | 'Warning'
  /** E.g. `FailedScheduling`, `BackOff`, `Evicted`. */
  readonly reason: string
  readonly message: string
  /** Kind and name of what it is told of, e.g. `Pod/letters-673c9200-1-x7k2p`. */
  readonly object: string
  /** Who told it, e.g. `kubelet`. */
  readonly component: string
  /** How often it was told. */
  readonly count: number
  readonly firstAt: Date | null
  readonly lastAt: Date | null
}

/** The cluster did not let a Job make a pod: a quota is used up, a limit or a policy forbids it. */
export interface SeenRefusal {
  readonly jobUid: string
  /** Whoever refused it, in its own words. */
  readonly message: string
  /** When it was refused last. */
  readonly at: Date | null
}

/** The lease Secret of an attempt; its token is never read back. */
export interface SeenLease {
  readonly runId: string
  readonly attempt: number
  /** UID of the one Job it was granted to. */
  readonly jobUid: string
  readonly tokenExpiresAt: Date
}

/** The last time that an Application wrote to the cluster. */
export interface SeenOperation {
  readonly revision: string
  /** Null while it goes on. */
  readonly finishedAt: Date | null
  /** Names of the Jobs that it wrote. */
  readonly jobs: readonly string[]
}

/** What of Argo CD (or what stands in for it) is read of one Application. */
export interface SeenApplication {
  readonly name: string
  /** Commit whose content is there as a whole, as it was last found; null before the first. */
  readonly appliedRevision: string | null
  readonly phase: 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  readonly message: string
  /** Null before the first. */
  readonly operation: SeenOperation | null
  /** Commit that was looked at last, applied or not; null before the first, undefined where that is not told. */
  readonly comparedRevision?: string | null
  /** Whether something could not be applied, or is tried again after it could not: `message` then says what. */
  readonly syncFailed?: boolean
}

/** An endpoint's workload in the cluster, by the conditions that its framework gives it. Argo CD's health says nothing of it. */
export interface SeenEndpoint {
  readonly environment: string
  readonly project: string
  readonly name: string
  readonly namespace: string
  readonly framework: string
  readonly resourceId: string
  /** The model digest that the workload was made for. */
  readonly modelDigest: string | null
  /** The release that its objects were made for; null or left out where they do not say. */
  readonly revision?: number | null
  /** True when the framework says that the newest generation, and nothing older, is what serves. */
  readonly current: boolean
  /** How many are wanted now. */
  readonly replicas: number
  /** How many answer, of this or an older generation. */
  readonly readyReplicas: number
  readonly url: string | null
  readonly reason: string
  readonly message: string
  /** True when it has crashed or failed to load again and again rather than still starting. */
  readonly failing: boolean
  /** What the framework itself says, kept beside the decision; left out where nothing more is known. */
  readonly framed?: FrameworkStatus
  /** The release beside it that a rollout is about; left out where there is none. */
  readonly candidate?: SeenCandidate
}

export type SeenCandidate = Pick<
  SeenEndpoint,
  | 'resourceId'
  | 'modelDigest'
  | 'revision'
  | 'current'
  | 'replicas'
  | 'readyReplicas'
  | 'reason'
  | 'message'
  | 'failing'
  | 'framed'
>

export interface FrameworkStatus {
  readonly generation: number
  /** The generation that the status speaks of; null where the framework does not say. */
  readonly observedGeneration: number | null
  readonly conditions: readonly SeenCondition[]
  /** More words of the framework, e.g. of KServe's model or of Ray's applications. */
  readonly more?: Readonly<Record<string, string>>
}

/** Everything that is seen of one cluster in one look. */
export interface ClusterView {
  readonly at: Date
  readonly jobs: readonly SeenJob[]
  readonly pods: readonly SeenPod[]
  readonly leases: readonly SeenLease[]
  readonly applications: readonly SeenApplication[]
  readonly endpoints: readonly SeenEndpoint[]
}

/** What the trainer of an attempt has said so far. */
export interface TrainerSaid {
  readonly attempt: number
  readonly done: (Done & { readonly at: Date }) | null
  readonly lastHeartbeat: (Heartbeat & { readonly at: Date }) | null
  /** URI of the newest checkpoint event. */
  readonly checkpointUri: string | null
}

/** Everything seen of one run now, as one value. */
export interface RunObservation {
  readonly at: Date
  readonly ledger: LedgerRun | null
  /**
   * `not-connected`: no cluster is configured for the environment. `unreachable`: it is, and did not answer; then jobs, pods and leases
   * say nothing.
   */
  readonly cluster: 'connected' | 'not-connected' | 'unreachable'
  readonly jobs: readonly SeenJob[]
  readonly pods: readonly SeenPod[]
  readonly leases: readonly SeenLease[]
  readonly said: readonly TrainerSaid[]
  /** Pods of runs of the same name other than this one, that have not ended: a new attempt waits for them. */
  readonly otherPodsOfName: readonly SeenPod[]
  /** Evidence gathered just now for attempts whose pods have ended and that have none in the record. */
  readonly evidence: ReadonlyMap<number, Evidence>
  /** Of its Jobs that lack pods: what the cluster said when it refused to make one last. Left out where it refused none. */
  readonly refusals?: readonly SeenRefusal[]
  /** The Application that brings its Jobs; null where there is none, or none is known. */
  readonly application: SeenApplication | null
  /** Files of its own in the deploy repository that somebody else changed. */
  readonly drifted: readonly DriftedFile[]
  /** True when the record knows everything that the ledger knows (false right after a restore): no lease is granted before. */
  readonly recordCaughtUp: boolean
}
