import type { JsonObject } from './canonical.ts'

export const runStates = ['PENDING', 'QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const
export type RunState = (typeof runStates)[number]

export const terminalRunStates = ['SUCCEEDED', 'FAILED', 'CANCELLED'] as const satisfies readonly RunState[]
export type RunOutcome = (typeof terminalRunStates)[number]

export function isTerminal(state: RunState): state is RunOutcome {
  return (terminalRunStates as readonly RunState[]).includes(state)
}

/**
 * Which state may follow which. From any live state every terminal one may follow, since a reconciler may have been away.
 * Terminal states never change, but for late evidence of an attempt that was LOST.
 */
export const runStateMayFollow: Readonly<Record<RunState, readonly RunState[]>> = {
  PENDING: ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'],
  QUEUED: ['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'],
  RUNNING: ['PENDING', 'QUEUED', 'SUCCEEDED', 'FAILED', 'CANCELLED'],
  SUCCEEDED: [],
  FAILED: ['SUCCEEDED'],
  CANCELLED: [],
}

export const failureClasses = [
  'PREEMPTED',
  'EVICTED',
  'NODE_LOST',
  'OOM',
  'APP_EXIT',
  'CONFIG',
  'IMAGE',
  'DEADLINE',
  'STALLED',
  'QUOTA',
  'CANCELLED',
  'LOST',
] as const
export type FailureClass = (typeof failureClasses)[number]

/** Failures of the machinery, charged to the infrastructure budget (`maxDisruptions`) and never to the application's retries. */
export const infrastructureFailures: readonly FailureClass[] = ['PREEMPTED', 'EVICTED', 'NODE_LOST', 'QUOTA', 'LOST']

export type AttemptState = 'PENDING' | 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'

/** What is kept of an attempt's end when its objects are gone. Bounded: at most `evidenceLogLines` lines of log. */
export interface Evidence {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly reason: string | null
  readonly message: string | null
  readonly node: string | null
  readonly imageDigest: string | null
  readonly podName: string | null
  readonly podUid: string | null
  readonly podConditions: readonly JsonObject[]
  readonly jobConditions: readonly JsonObject[]
  readonly events: readonly JsonObject[]
  readonly logTail: readonly string[]
  readonly lastStep: number | null
  /** Why a part could not be had, e.g. `log: the pod was gone`; empty when all was obtained. */
  readonly unobtainable: readonly string[]
}

export const evidenceLogLines = 100

/** A pod of an attempt, as far as it was seen. */
export interface AttemptPod {
  readonly name: string
  readonly uid: string
  /** Which of the pods of a multi-node training it is, from 0; null for the only one. */
  readonly index: number | null
  readonly node: string | null
  /** Of its trainer's image, `sha256:…`. */
  readonly imageDigest: string | null
}

export interface Attempt {
  readonly attempt: number
  readonly jobName: string
  readonly jobUid: string | null
  /** Commit of the deploy repository from which its Job was made; null where nothing said so while it was there. */
  readonly appliedRevision: string | null
  /** Oldest first; those that a disruption took too. */
  readonly pods: readonly AttemptPod[]
  readonly state: AttemptState
  readonly failureClass: FailureClass | null
  readonly leaseGrantedAt: Date | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  /** Disruptions that the Job retried inside itself. */
  readonly disruptions: number
  readonly checkpointUri: string | null
  readonly evidence: Evidence | null
  /** When manifest and Job were taken away, after the end. */
  readonly retiredAt: Date | null
}

export interface Progress {
  readonly step: number | null
  readonly epoch: number | null
  readonly totalEpochs: number | null
  /** 0 to 100. */
  readonly percentage: number | null
}

/** The record of a run: one row of `training_jobs` with its attempts. */
export interface Run {
  readonly id: string
  readonly traceId: string
  readonly environment: string
  readonly project: string
  readonly name: string
  readonly digest: string
  readonly state: RunState
  /** A word for why it is in this state, CamelCase as Kubernetes writes reasons, e.g. `WaitingForLease`; empty when there is none. */
  readonly reason: string
  readonly message: string
  readonly verdict: 'STALLED' | null
  /** The current attempt; 1 is the first. */
  readonly attempt: number
  readonly attempts: readonly Attempt[]
  /** Retries charged to the application (`maxRetries`). */
  readonly retryCount: number
  /** New attempts charged to the infrastructure (`maxDisruptions`), with the disruptions inside Jobs. */
  readonly disruptionCount: number
  readonly specPath: string
  readonly specLine: number
  readonly sourceRepository: string | null
  readonly sourceCommit: string | null
  readonly sourceDirty: boolean
  readonly progress: Progress | null
  /** The metrics of `done`, e.g. `test_perplexity`. */
  readonly finalMetrics: Readonly<Record<string, number>> | null
  readonly trackerRunId: string | null
  readonly createdAt: Date
  readonly queuedAt: Date | null
  readonly startedAt: Date | null
  readonly completedAt: Date | null
  /** The end of the backoff before the next attempt is committed. */
  readonly nextAttemptAt: Date | null
  /** Since when a Job that should be there was not seen, or other waits that a decision needs; keys are named in reconciler/transition.ts. */
  readonly waitingSince: Readonly<Record<string, string>>
  /** Optimistic concurrency: raised by one with every write. */
  readonly version: number
}

/** In `waitingSince`: since when the Job of an attempt should be gone and is not, and why. */
export const hangingPrefix = 'hanging, attempt '

/** A Job that should be gone and is not. */
export interface Hanging {
  readonly attempt: number
  readonly since: Date
  /** What it waits for, as far as that is seen. */
  readonly message: string
}

export function hangingOf({ waitingSince }: Pick<Run, 'waitingSince'>): readonly Hanging[] {
  return Object.entries(waitingSince).flatMap(([key, since]) => {
    if (!key.startsWith(hangingPrefix)) return []
    const [attempt = '', ...message] = key.slice(hangingPrefix.length).split(': ')
    return [{ attempt: Number(attempt), since: new Date(since), message: message.join(': ') }]
  })
}
