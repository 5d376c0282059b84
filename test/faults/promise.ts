import type { Cluster } from '../cluster/support/cluster.ts'

/*
 * What every check of a promise is: a number of faults, a seed by which the same faults come again, and what was seen.
 */

export interface Stage {
  /** By which a check chooses its faults: the same seed, the same choice. */
  readonly seed: number
  /** How many faults, inputs or kills; what they are is said by `unit`. */
  readonly count: number
  /** True once the time that it was given is up: then it counts what it has done so far. */
  isOver(): boolean
  /** Hears how far it is. */
  say(line: string): void
}

export interface ClusterStage extends Stage {
  readonly cluster: Cluster
}

export interface Outcome {
  /** Everything that was counted, by what it is; `npm run faults` prints it. */
  readonly counts: Readonly<Record<string, number>>
  /** What broke the promise, each with what is needed to understand it; empty when it was kept. */
  readonly violations: readonly string[]
}

interface Told {
  /** As the list of promises has it, e.g. `P8`. */
  readonly id: string
  readonly promise: string
  /** What `count` counts. */
  readonly unit: string
  /** Counts of the two scales. */
  readonly ci: number
  readonly full: number
}

export type Check = Told &
  (
    | { readonly needs: 'services' | 'git'; run(stage: Stage): Promise<Outcome> }
    | { readonly needs: 'cluster'; run(stage: ClusterStage): Promise<Outcome> }
  )

const violationsMost = 20

/** Collects violations, of which the first ones are kept in words: a promise that is broken is often broken thousands of times. */
export function createFindings() {
  const violations: string[] = []
  let left = 0
  return {
    /** Notes a violation unless `holds`. */
    expect: (holds: boolean, words: () => string): void => {
      if (holds) return
      if (violations.length < violationsMost) violations.push(words())
      else left += 1
    },
    all: (): readonly string[] => (left > 0 ? [...violations, `and ${left} more`] : violations),
  }
}

export type Findings = ReturnType<typeof createFindings>
