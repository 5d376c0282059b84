import { linesOf } from '../../cli/terminal/frame.ts'
import type { Report } from '../../cli/report/report.ts'
import type { Problem } from '../../domain/problem.ts'
import { compileTexts, sourcesOf } from './compiler.ts'

/** What a check of some texts reports, beside the environments that every test has. */
export function reportOf(texts: readonly string[], more: Partial<Report> = {}): Report {
  const sources = sourcesOf(texts)
  return reportWith(compileTexts(texts).problems, {
    files: sources.map((file) => file.path),
    linesOf: linesOf(sources),
    ...more,
  })
}

/** A report of given problems. */
export function reportWith(problems: readonly Problem[], more: Partial<Report> = {}): Report {
  return {
    files: [],
    problems,
    others: 0,
    linesOf: () => undefined,
    version: '1.2.3',
    shownPath: (file) => file,
    checkoutPath: (file) => file,
    ...more,
  }
}
