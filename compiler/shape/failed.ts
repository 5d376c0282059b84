import type { ProblemCode } from '../../domain/problem-codes.ts'

/** What of a shaping caused something. */
export type Cause =
  /** Nothing of it: Specyard's own template, and the values of the spec. */
  | { readonly is: 'plan' }
  /** A place in the template, both from 1; null for a line as a whole. */
  | { readonly is: 'template'; readonly line: number; readonly column: number | null }
  /** A patch by its number, and of a JSON Patch the operation. */
  | { readonly is: 'patch'; readonly patch: number; readonly operation: number | null }

type ShapingCode = Extract<ProblemCode, 'TEMPLATE_INVALID' | 'TEMPLATE_OUTPUT' | 'PATCH_FAILED'>

/** A template or patch that makes no manifest. Whoever compiles tells it at its place; what was checked then does not throw it later. */
export class ShapingFailed extends Error {
  readonly of: Cause
  readonly code: ShapingCode
  readonly hint: string | undefined

  constructor(of: Cause, code: ShapingCode, message: string, hint?: string) {
    super(message)
    this.of = of
    this.code = code
    this.hint = hint
  }
}
