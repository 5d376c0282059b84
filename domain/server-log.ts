/** What one pod, or process, that serves an endpoint said last. */
export interface ServerLog {
  readonly pod: string
  readonly track: 'stable' | 'candidate'
  /** Oldest first. */
  readonly lines: readonly string[]
  /** Why its log cannot be had now; null where it was. */
  readonly trouble: string | null
}

/** Of an endpoint with more the newest are read. */
export const serverLogPodsMax = 10
