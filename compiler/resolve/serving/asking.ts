import type { ProblemCode } from '../../../domain/problem-codes.ts'
import type { Place, Resolving } from '../place.ts'
import type { Capability } from './capabilities.ts'
import type { Merged } from './installed.ts'

/** What a spec asks of the backend of an environment, for those who check it. */
export interface Asking {
  readonly merged: Merged
  readonly place: Place
  /** What a person calls the backend. */
  readonly called: () => string
  readonly at: Resolving
  readonly can: (capability: Capability) => boolean
  readonly tell: (code: ProblemCode, pointer: string, message: string, hint: string, also?: string) => void
}
