import type { RunState } from '../domain/run.ts'

/** Value of `workflow:status:{id}`, kept 24 hours. */
export interface LiveStatus {
  readonly status: RunState
  readonly reason: string
  readonly attempt: number
  /** Per cent, 0 to 100. */
  readonly progress: number | null
  readonly currentEpoch: number | null
  readonly totalEpochs: number | null
  readonly step: number | null
  readonly metrics: Readonly<Record<string, number>>
}

/** A message on channel `workflow:{id}:updates`. */
export interface LiveMessage {
  /** `status` when a state was written, `training_progress` for a heartbeat, `event`, `done`. */
  readonly type: 'status' | 'training_progress' | 'event' | 'done'
  readonly data: Readonly<Record<string, unknown>>
}

export type LiveListener = (runId: string, message: LiveMessage) => void

/** The short-lived copy of records. Nothing in it that cannot be rebuilt; its absence slows and stops nothing. */
export interface LiveState {
  setStatus(runId: string, status: LiveStatus): Promise<void>
  status(runId: string): Promise<LiveStatus | undefined>
  /** Value of `workflow:metrics:{id}`, kept 1 hour: the newest value of each metric. */
  setMetrics(runId: string, metrics: Readonly<Record<string, number>>): Promise<void>
  metrics(runId: string): Promise<Readonly<Record<string, number>> | undefined>
  publish(runId: string, message: LiveMessage): Promise<void>
  /** Hears the messages of every run until the returned function is called. What the listener throws is lost. */
  subscribe(listener: LiveListener): Promise<() => Promise<void>>
  /** Tells every process that somebody may have pushed to a repository. */
  tellOfPush(): Promise<void>
  /** Hears of that, until the returned function is called. */
  onPush(listener: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

export const liveKeys = {
  status: (runId: string) => `workflow:status:${runId}`,
  metrics: (runId: string) => `workflow:metrics:${runId}`,
  updates: (runId: string) => `workflow:${runId}:updates`,
  everyUpdates: 'workflow:*:updates',
  pushes: 'specyard:pushes',
} as const

export const liveLifetimeSeconds = { status: 24 * 3600, metrics: 3600 } as const

/** Tells a message to every listener; one that fails keeps it from no other. */
export function tellAll(listeners: Iterable<LiveListener>, runId: string, message: LiveMessage): void {
  for (const listener of listeners) {
    try {
      listener(runId, message)
    } catch {
      // A live update that somebody could not use; the next one comes soon, and the records have it all.
    }
  }
}
