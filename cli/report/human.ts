import { formatProblems, type Paint } from '../terminal/problems.ts'
import type { Report } from './report.ts'
import { summary } from './summary.ts'

/** Problems with the lines they stand in, for a person. */
export function humanReport(report: Report, paint: Paint | undefined): string {
  const { problems, linesOf, shownPath } = report
  const told = formatProblems(problems, { linesOf, shownPath, pages: true, ...(paint ? { paint } : {}) })
  return `${problems.length === 0 ? '' : `${told}\n\n`}${summary(report)}\n`
}
