import type { EndpointKey, RunKey } from './names.ts'
import type { ClusterKind, EndpointPlan, ModelPin, ModelStage, SpecSource, TrainingPlan } from './plan.ts'
import type { FailureClass, RunOutcome } from './run.ts'

/**
 * The memory inside the deploy repository: what has run and how it ended, what each endpoint serves, which model versions exist.
 * One JSON file for each name; it is Specyard's alone, and enough to rebuild records from.
 */
export interface RunLedger {
  readonly format: 1
  readonly environment: string
  readonly project: string
  readonly name: string
  /** Newest first. At most `ledgerRunsKept` ended runs are kept, the oldest are dropped. */
  readonly runs: readonly LedgerRun[]
}

export const ledgerRunsKept = 50

export interface LedgerRun {
  readonly id: string
  readonly digest: string
  readonly shortDigest: string
  /** Where the spec stood when the run was created. */
  readonly source: SpecSource
  /**
   * `active`: its newest attempt's manifest is published. `cancelling`: its manifests are gone from the tree, its pods may not be yet.
   * `ended`: it has its outcome, and is never rendered again.
   */
  readonly status: 'active' | 'cancelling' | 'ended'
  readonly outcome: RunOutcome | null
  /** Why it is being cancelled. */
  readonly cancelReason: CancelReason | null
  /** The run that took its place, when it was superseded. */
  readonly supersededBy: string | null
  readonly attempts: readonly LedgerAttempt[]
  /** Null for ended runs that are not the newest (compacted). */
  readonly plan: TrainingPlan | null
}

export type CancelReason = 'SUPERSEDED' | 'SPEC_REMOVED' | 'REQUESTED'

export interface LedgerAttempt {
  readonly attempt: number
  readonly jobName: string
  /** Why the attempt failed, once a following attempt or the end of the run is recorded. */
  readonly failureClass: FailureClass | null
  /** True once its manifest has been removed after its end. */
  readonly retired: boolean
  /** What `CHECKPOINT_URI` of this attempt says. */
  readonly checkpointUri: string | null
}

/**
 * What an endpoint serves. `plan`, `pin` and `revision` are the stable release's; what stands beside it while a rollout is under way, and what a
 * hold keeps back, is left out where there is none.
 */
export interface EndpointLedger {
  readonly format: 1
  readonly environment: string
  readonly project: string
  readonly name: string
  /** The plan of the stable release; while the endpoint waits for a model, of the spec as last compiled. */
  readonly plan: EndpointPlan
  /** What it serves: null while it waits for a model (`WAITING_FOR_MODEL`). */
  readonly pin: ModelPin | null
  /** Number of the stable release: releases (changes of plan or pin that reached the tree) are counted from 1; 0 while nothing has been released. */
  readonly revision: number
  /** The stable release has been seen healthy with all of the traffic. */
  readonly good?: true
  /** The highest number that a release has had, where that is another than `revision`: a number is never given twice. */
  readonly released?: number
  readonly rollout?: EndpointRollout
  readonly hold?: EndpointHold
  /** What the spec asks for while a hold or a pause keeps it back. */
  readonly wanted?: WantedRelease
  /** The release before the current one, and so on; newest first, at most `ledgerReleasesKept`. */
  readonly past: readonly EndpointRelease[]
}

export const ledgerReleasesKept = 5

export interface WantedRelease {
  readonly plan: EndpointPlan
  readonly pin: ModelPin
}

export interface EndpointRelease extends WantedRelease {
  readonly revision: number
  /** It has been seen healthy with all of the traffic, and nobody has gone back from it since: a rollback may return to it. */
  readonly good?: true
}

/** A release that stands beside the stable one and gets a share of the requests. */
export interface EndpointRollout {
  readonly candidate: EndpointRelease
  /** Per cent of the requests, 0 to 100, that the candidate gets. */
  readonly weight: number
  /** A person stopped it where it is: neither specs nor steps move it until it is resumed. */
  readonly paused: boolean
  /**
   * The stable release is the candidate's already, and its pods are being replaced: the candidate keeps all of the traffic until they are healthy.
   */
  readonly promoted?: true
}

/**
 * Why specs do not move the endpoint. `ROLLED_BACK`: until a person lifts it. `ABORTED`: until then, or until the spec asks for another release
 * than the one that was taken away.
 */
export interface EndpointHold {
  readonly why: 'ROLLED_BACK' | 'ABORTED'
}

export interface ModelLedger {
  readonly format: 1
  readonly project: string
  readonly model: string
  /** Oldest first. */
  readonly versions: readonly LedgerModelVersion[]
}

export interface LedgerModelVersion {
  readonly version: number
  readonly digest: string
  readonly uri: string
  readonly sizeBytes: number
  readonly stage: ModelStage
  readonly run: { readonly id: string; readonly attempt: number; readonly environment: string }
  readonly framework: string | null
  readonly hyperparameters: Readonly<Record<string, unknown>>
  readonly metrics: Readonly<Record<string, number>>
}

/** Where the workloads of an environment run: all that is needed to look at them. */
export interface EnvironmentLedger {
  readonly format: 1
  readonly environment: string
  readonly cluster: ClusterKind
  /** Of a kubeconfig; null for the local cluster. */
  readonly context: string | null
  /** Namespace of each project; empty for the local cluster, where it is the project itself. */
  readonly namespaces: Readonly<Record<string, string>>
  /** What specs ask for there waits for a pull request, and so does an end of that; left out where it does not. */
  readonly pullRequest?: true
}

/**
 * Which environments have a branch of their own, on the deploy branch alone: by it everything else of them is found. It is pushed also where pull requests
 * are asked for, for nothing starts or stops by it.
 */
export interface BranchesLedger {
  readonly format: 1
  readonly branches: Readonly<Record<string, string>>
}

/** The source of the last compiled tree. A difference in this file alone makes no commit. */
export interface SourceRecord {
  readonly format: 1
  readonly repository: string | null
  readonly commit: string | null
  readonly dirty: boolean
}

/** An owned file that somebody else changed; it is not overwritten until a person adopts or discards the change. */
export interface DriftedFile {
  readonly path: string
  /** Commit of the deploy repository that changed it. */
  readonly commit: string
  readonly author: string
  /** Set for a file that was never ours: it was put beside them. */
  readonly added?: true
}

export const ownedFolders = ['applications', 'environments', 'charts', '.specyard'] as const
export const sourcePath = '.specyard/source.json'
export const driftPath = '.specyard/drift.json'
export const branchesPath = '.specyard/ledger/branches.json'

export const paths = {
  runLedger: (key: RunKey) => `.specyard/ledger/runs/${key.environment}/${key.project}/${key.name}.json`,
  endpointLedger: (key: EndpointKey) => `.specyard/ledger/endpoints/${key.environment}/${key.project}/${key.name}.json`,
  environmentLedger: (environment: string) => `.specyard/ledger/environments/${environment}.json`,
  modelLedger: (project: string, model: string) => `.specyard/ledger/models/${project}/${model}.json`,
  applications: (environment: string) => `applications/${environment}`,
  applicationsPlaceholder: (environment: string) => `applications/${environment}/README.md`,
  jobsApplication: (environment: string, project: string) => `applications/${environment}/${project}/jobs.yaml`,
  jobsFolder: (environment: string, project: string) => `environments/${environment}/${project}/jobs`,
  job: (environment: string, project: string, job: string) => `environments/${environment}/${project}/jobs/${job}.yaml`,
  jobsPlaceholder: (environment: string, project: string) => `environments/${environment}/${project}/jobs/README.md`,
  endpointApplication: (key: EndpointKey) =>
    `applications/${key.environment}/${key.project}/endpoints/${key.name}.yaml`,
  endpointValues: (key: EndpointKey) =>
    `environments/${key.environment}/${key.project}/endpoints/${key.name}/values.yaml`,
  chart: (version: string, file: string) => `charts/serving-endpoint/${version}/${file}`,
} as const

/** The name of the Argo CD Application; names hold no dots, so the parts can be told apart. */
export const applicationName = {
  /** Over the Applications of an environment; a person applies it once. */
  root: (environment: string) => `${environment}.applications`,
  jobs: (environment: string, project: string) => `${environment}.${project}.jobs`,
  endpoint: (key: EndpointKey) => `${key.environment}.${key.project}.endpoint.${key.name}`,
} as const
