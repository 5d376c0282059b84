import { formatProblems, type Terminal } from '../terminal/problems.ts'
import type { Report } from './report.ts'
import { summary } from './summary.ts'

/** Problems with the lines they stand in, for a person. */
export function humanReport(report: Report, terminal: Terminal = {}): string {
  const { problems, linesOf, shownPath } = report
  const told = formatProblems(problems, { linesOf, shownPath, pages: true, ...terminal })
  return `${problems.length === 0 ? '' : `${told}\n\n`}${summary(report)}\n`
}
