import type { FailureClass, RunState } from '../../domain/run.ts'
import type { Incomplete } from './cluster.ts'
import type { Change } from './files.ts'

/*
 * What `specyard observe --output json` prints. docs/observe.md describes it: a field may be added, none changes its meaning while `format` is 1.
 */

export interface Observed {
  readonly format: 1
  readonly at: Date
  readonly cluster: { readonly server: string; readonly namespaces: readonly string[] }
  /** Null where none was given. */
  readonly repository: ObservedRepository | null
  readonly applications: readonly ObservedApplication[]
  readonly jobs: readonly ObservedJob[]
  readonly findings: readonly Finding[]
  readonly summary: Summary
  /** What could not be looked at. */
  readonly incomplete: readonly Incomplete[]
  /** What a person should know of how it was looked at. */
  readonly notes: readonly string[]
}

export interface ObservedRepository {
  readonly address: string
  readonly branch: string
  readonly commit: string
}

export interface ObservedApplication {
  readonly name: string
  readonly namespace: string
  /** Of its first source. */
  readonly repository: string
  readonly path: string | null
  /** Where the Application itself is declared; null where no file that was read does. */
  readonly file: ObservedFile | null
  /** `self-heal`, `automated` or `manual`. */
  readonly syncs: 'self-heal' | 'automated' | 'manual'
  readonly sync: string
  readonly health: string
  /** Commit that is in the cluster as a whole; null before the first. */
  readonly appliedRevision: string | null
  readonly comparedRevision: string | null
  readonly syncedBy: string | null
  readonly syncedAt: Date | null
  readonly failing: boolean
  /** Argo CD's own; the objects that it quotes, and what they hold, are left out. */
  readonly message: string
}

export interface ObservedFile {
  readonly path: string
  readonly line: number
  /** `template`: rendered from there. */
  readonly kind: 'object' | 'template'
  readonly change: Change | null
}

export interface ObservedJob {
  readonly namespace: string
  readonly name: string
  /** Null for one that a file or Application asks for and that is not there. */
  readonly uid: string | null
  readonly application: string | null
  readonly file: ObservedFile | null
  /** The controller that made it. */
  readonly owner: { readonly kind: string; readonly name: string } | null
  /** Null for one that was there and is gone: nothing says how it ended. */
  readonly state: RunState | null
  readonly reason: string
  readonly message: string
  readonly failureClass: FailureClass | null
  /** True for one that goes on without end and will get nowhere. */
  readonly endless: boolean
  readonly createdAt: Date | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  /** Since when it is in this state. */
  readonly since: Date | null
  readonly gpus: number
  /** Pods that run at once and that have to complete, and what became of those that were made. */
  readonly counts: {
    readonly parallelism: number
    readonly completions: number | null
    readonly ready: number
    readonly active: number
    readonly succeeded: number
    readonly failed: number
    readonly backoffLimit: number
  }
  /** Kueue's Workload. */
  readonly workload: string | null
  /** Oldest first. */
  readonly pods: readonly ObservedPod[]
  /** What Specyard's own labels and ledger say, where they are there. */
  readonly specyard: {
    readonly runId: string
    readonly attempt: number
    readonly spec: string | null
    readonly sourceCommit: string | null
  } | null
}

export interface ObservedPod {
  readonly name: string
  readonly phase: string
  readonly node: string | null
  readonly index: number | null
  readonly imageDigest: string | null
  readonly exitCode: number | null
}

export const severities = ['error', 'warning', 'note'] as const
export type FindingSeverity = (typeof severities)[number]

/** Every code has its section in docs/observe.md. */
export const findingCodes = [
  'RERUN_BY_TTL',
  'RERUN_BY_HOOK',
  'RERUN_BY_GENERATED_NAME',
  'RERUN_BY_REPLACE',
  'JOB_GONE',
  'JOB_NOT_MADE',
  'JOB_WITHOUT_FILE',
  'SYNC_FAILED',
  'IMMUTABLE_CHANGE',
  'DISRUPTION_COUNTS',
  'ENDLESS_WAIT',
  'RETRY_CHANGES_NOTHING',
  'ORPHAN_POD',
  'NO_TIME_LIMIT',
  'IMAGE_NOT_PINNED',
  'MANIFEST_UNREADABLE',
] as const
export type FindingCode = (typeof findingCodes)[number]

export interface Finding {
  readonly severity: FindingSeverity
  readonly code: FindingCode
  /** Kind and name, e.g. `Job ml-team/bert`. */
  readonly about: string
  /** Null where no file is known. */
  readonly place: { readonly path: string; readonly line: number } | null
  readonly message: string
  readonly remedy: string
}

export interface Summary {
  readonly applications: number
  readonly applicationsFailing: number
  readonly jobs: number
  /** Of each state; `gone` for those without one. */
  readonly states: Readonly<Record<Lowercase<RunState> | 'gone', number>>
  /** Asked for by Jobs that run. */
  readonly gpusRunning: number
  readonly findings: Readonly<Record<FindingSeverity, number>>
}
