import type { Difference } from '../../compiler/impact/compare.ts'
import type { Problem } from '../../domain/problem.ts'

/** What was compared with what, and what came out: for whoever writes it down. */
export interface Comparison {
  /** Null for what is published, or for nothing. */
  readonly base: Side | null
  /** What it is told against, in words. */
  readonly against: string
  readonly head: Side
  /** Warnings, and of the older specs also errors, for which they were not taken for published. */
  readonly problems: readonly Problem[]
  readonly baseProblems: readonly Problem[]
  readonly difference: Difference
}

export interface Side {
  /** As a person named it. */
  readonly label: string
  readonly commit: string | null
  readonly dirty: boolean
}
