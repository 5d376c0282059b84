import type { ProblemCode, Severity } from './problem-codes.ts'

/** A place in a file that a person can open. Line and column count from 1; the file is relative to the spec repository. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Bad input, as a value: what is wrong, where, and what to do about it. */
export interface Problem {
  readonly code: ProblemCode
  readonly severity: Severity
  readonly message: string
  readonly where: Place
  /** The remedy, where one is known. */
  readonly hint?: string
  /** Other places that have a part in it, e.g. the overlay a value came from or the other spec of the same name. */
  readonly also?: readonly { readonly where: Place; readonly note: string }[]
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error')
}

/** Order for people: by file, line, column, then code. */
export function compareProblems(left: Problem, right: Problem): number {
  return (
    compareText(left.where.file, right.where.file) ||
    left.where.line - right.where.line ||
    left.where.column - right.where.column ||
    compareText(left.code, right.code) ||
    compareText(left.message, right.message)
  )
}

/** Orders texts by code unit, the same on every machine and in every locale. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
