import type { Problem } from '../../domain/problem.ts'
import type { Severity } from '../../domain/problem-codes.ts'
import type { LinesOf } from '../terminal/frame.ts'

export const reportFormats = ['human', 'json', 'github', 'sarif', 'junit'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** What a check found, for whoever writes it down. */
export interface Report {
  /** Paths of all files that were looked at, relative to the spec repository, in order. */
  readonly files: readonly string[]
  /** In the order of places. */
  readonly problems: readonly Problem[]
  /** Problems in files that nobody asked about. */
  readonly others: number
  readonly linesOf: LinesOf
  readonly version: string
  /** The path of a file for people in the folder they are in. */
  readonly shownPath: (file: string) => string
  /** The path of a file for whoever has the checkout that the spec repository is in. */
  readonly checkoutPath: (file: string) => string
}

/** How many problems of each severity there are. */
export function counts(problems: readonly Problem[]): Readonly<Record<Severity, number>> {
  const of = (severity: Severity): number => problems.filter((one) => one.severity === severity).length
  return { error: of('error'), warning: of('warning'), note: of('note') }
}

/** A problem as one text of a few lines: what is wrong, the remedy, and the other places that have a part in it. */
export function inWords(problem: Problem, path: (file: string) => string): string {
  const { message, hint, also } = problem
  return [
    message,
    ...(hint === undefined ? [] : [`Hint: ${hint}`]),
    ...(also ?? []).map(({ where, note }) => `See also ${path(where.file)}:${where.line}:${where.column}: ${note}`),
  ].join('\n')
}

/** Most important first, then in the order of places: for readers that show only so many. */
export function mostImportantFirst(problems: readonly Problem[]): readonly Problem[] {
  const ranks: readonly Severity[] = ['error', 'warning', 'note']
  return ranks.flatMap((severity) => problems.filter((one) => one.severity === severity))
}
