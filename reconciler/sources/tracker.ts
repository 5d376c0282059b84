import type { ClosingStatus, TrackedArtifact, TrackedPoint, TrackedStatus } from '../../domain/tracker.ts'

/**
 * An experiment tracker, such as MLflow, as the reconciler sees it. Every method may be slow: none is called inside a pass.
 * Each throws Fault TRACKER_UNREACHABLE (nobody answers, too late or nonsense) or TRACKER_REFUSED (it answered and will not do it), and rejects
 * with the signal's reason once that is aborted.
 */
export interface TrackerSource {
  readonly kind: 'mlflow'
  /** Base address without credentials, for messages. */
  readonly address: string
  /** The runs that carry the tags of a run of ours, of all its attempts; oldest first, bounded. */
  tagged(runId: string, experiment: string | null, signal: AbortSignal): Promise<readonly SeenTrackerRun[]>
  /** One run by the tracker's own id; undefined when it has none of that id. */
  get(trackerRunId: string, signal: AbortSignal): Promise<SeenTrackerRun | undefined>
  /** The whole course of a run's metrics, thinned where it is too long. */
  history(run: SeenTrackerRun, signal: AbortSignal): Promise<TrackedHistory>
  artifacts(run: SeenTrackerRun, signal: AbortSignal): Promise<TrackedArtifacts>
  /** Adds tags; those that are there get the new value. */
  tag(trackerRunId: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>
  close(trackerRunId: string, status: ClosingStatus, at: Date, signal: AbortSignal): Promise<void>
}

/** A run as the tracker has it. Texts and numbers are somebody else's: bounded, and otherwise as they came. */
export interface SeenTrackerRun {
  readonly id: string
  readonly experimentId: string
  readonly status: TrackedStatus
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly artifactUri: string | null
  /** Where a person looks at it. */
  readonly url: string
  /** Of a run inside another: the other's id. */
  readonly parentId: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
  /** The newest value of each metric; what is no finite number is left out. */
  readonly metrics: Readonly<Record<string, number>>
}

export interface TrackedHistory {
  /** In the order of their steps. */
  readonly points: readonly TrackedPoint[]
  /** What was left out, and why. */
  readonly incomplete: readonly string[]
}

export interface TrackedArtifacts {
  readonly artifacts: readonly TrackedArtifact[]
  readonly incomplete: readonly string[]
}
