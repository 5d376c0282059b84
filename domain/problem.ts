import type { ProblemCode, Severity } from './problem-codes.ts'

/**
 * A place in a file that a person can open. Line and column count from 1, columns in UTF-16 code units; the file is relative to the spec
 * repository.
 */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Just behind the last character of what stands there, where that is known. */
  readonly end?: { readonly line: number; readonly column: number }
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
  readonly also?: readonly Related[]
  /** What stands at the place may be a secret: nobody prints it. */
  readonly secret?: true
}

/** Another place that has a part in a problem, and which part. */
export interface Related {
  readonly where: Place
  readonly note: string
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error')
}

/** Order for people: by file, line, column, then code. */
export function compareProblems(left: Problem, right: Problem): number {
  return (
    comparePlaces(left.where, right.where) ||
    compareText(left.code, right.code) ||
    compareText(left.message, right.message)
  )
}

/** Order of places by where they begin. */
export function comparePlaces(left: Place, right: Place): number {
  return compareText(left.file, right.file) || left.line - right.line || left.column - right.column
}

/** Orders texts by code unit, the same on every machine and in every locale. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
