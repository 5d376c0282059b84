import type { FailureClass, RunOutcome } from './run.ts'

/** Tags that a tracker's run carries, by which it is found again. Trainers get them in their environment; what has none gets them when it is linked. */
export const trackerTags = {
  runId: 'specyard.job_id',
  attempt: 'specyard.attempt',
  traceId: 'specyard.trace_id',
  environment: 'specyard.environment',
  project: 'specyard.project',
  name: 'specyard.name',
  /** On a run that its trainer left open: the status that it was given, and why. */
  closedAs: 'specyard.closed_as',
  closedBecause: 'specyard.closed_because',
} as const

/** The experiment tracker of an environment, as its trainers reach it. */
export interface PlannedTracker {
  readonly kind: 'mlflow'
  /** Without credentials. */
  readonly url: string
  readonly experiment: string
}

/** The states of a run in MLflow. */
export const trackedStatuses = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const
export type TrackedStatus = (typeof trackedStatuses)[number]
export type ClosingStatus = Extract<TrackedStatus, 'FINISHED' | 'FAILED' | 'KILLED'>

export interface TrackedArtifact {
  readonly path: string
  /** Null where the tracker does not say. */
  readonly sizeBytes: number | null
}

/** What was measured at one step. */
export interface TrackedPoint {
  readonly step: number
  readonly values: Readonly<Record<string, number>>
  /** When the first of the values was measured. */
  readonly at: Date
}

/** What a tracker knows of one attempt; the newest that was read. */
export interface TrackerLink {
  readonly runId: string
  readonly attempt: number
  readonly kind: 'mlflow'
  readonly trackerRunId: string
  /** Where a person looks at it. */
  readonly url: string
  /** The tracker's own id of the experiment. */
  readonly experiment: string
  /** `done`: the trainer named it. `tag`: it was found by its tags. */
  readonly foundBy: 'done' | 'tag'
  readonly status: TrackedStatus
  /** The status that we gave a run which its trainer had left open; null when the trainer ended it. */
  readonly closedAs: ClosingStatus | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly params: Readonly<Record<string, string>>
  /** The newest value of each metric. */
  readonly metrics: Readonly<Record<string, number>>
  readonly artifactUri: string | null
  readonly artifacts: readonly TrackedArtifact[]
  /** What was left out, or could not be had, and why; empty when all was read. */
  readonly incomplete: readonly string[]
}

/** How a run that its trainer left open is closed: as the attempt ended, and killed is what something outside it ended. */
export function closingStatus(outcome: RunOutcome, failureClass: FailureClass | null): ClosingStatus {
  if (outcome === 'SUCCEEDED') return 'FINISHED'
  if (outcome === 'CANCELLED') return 'KILLED'
  return failureClass === null || trainersOwn.includes(failureClass) ? 'FAILED' : 'KILLED'
}

/** Failures that the training itself is the cause of. */
const trainersOwn: readonly FailureClass[] = ['APP_EXIT', 'OOM', 'CONFIG', 'IMAGE', 'STALLED']
