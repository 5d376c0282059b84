import type { ProblemCode } from '../../../domain/problem-codes.ts'
import type { Name } from './corpus.ts'
import type { Node, Pair } from './tree.ts'

/** The key of a pair or the value of a node, in the document it stands in. */
export interface Spot {
  readonly name: Name
  /** A key may also be told by its dotted path, because a change makes what it lies in anew. */
  readonly at: Node | Pair | { readonly keyOf: string }
}

export interface Expected extends Spot {
  readonly code: ProblemCode
  /** Other places that must be named, in any order among others. */
  readonly also?: readonly Spot[]
}

/** A change that makes a good repository bad, and everything that must be told of it, each exactly there. */
export interface Mutation {
  readonly sentence: string
  /** The documents that differ from the corpus. */
  readonly documents: Readonly<Partial<Record<Name, Node>>>
  readonly expected: readonly Expected[]
  /** Nobody can know the name of what is spoiled, so what refers to it may be told too. */
  readonly losesName?: true
}
