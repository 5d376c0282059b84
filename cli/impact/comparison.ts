import type { Difference } from '../../compiler/impact/compare.ts'
import type { Problem } from '../../domain/problem.ts'

/** What was compared with what, and what came out: for whoever writes it down. */
export interface Comparison {
  /** Null for what is published, or for nothing. */
  readonly base: Side | null
  /** What it is told against, in words: not the older specs where those were left out. */
  readonly against: string
  readonly head: Side
  /** Warnings. */
  readonly problems: readonly Problem[]
  /** Errors of the older specs, for which they were not taken for published. */
  readonly baseProblems: readonly Problem[]
  readonly difference: Difference
}

export interface Side {
  /** As a person named it. */
  readonly label: string
  readonly commit: string | null
  readonly dirty: boolean
}
