/**
 * How much of one run is read. A training may log millions of points under thousands of names; the tracker keeps them all, and what is read
 * here is for the record that outlives it.
 */
export interface ReadingLimits {
  /** Of one reading of metrics, and of one of artifacts: what is not read by then is left out. */
  readonly milliseconds: number
  readonly metrics: number
  readonly pointsOfPage: number
  readonly pagesOfMetric: number
  /** Steps that are kept; what has more is thinned evenly. */
  readonly steps: number
  readonly artifacts: number
  readonly folders: number
  readonly pagesOfFolder: number
  readonly folderDepth: number
}

export const readingLimits: ReadingLimits = {
  milliseconds: 60_000,
  metrics: 100,
  pointsOfPage: 5000,
  pagesOfMetric: 10,
  steps: 5000,
  artifacts: 1000,
  folders: 100,
  pagesOfFolder: 10,
  folderDepth: 8,
}

/** Says when the time for a reading is over. */
export function untilOver({ milliseconds }: ReadingLimits): () => boolean {
  const end = performance.now() + milliseconds
  return () => performance.now() >= end
}
