import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../house/assets.ts'
import type { Terminal } from '../terminal/problems.ts'
import { type ErrorSection, errorSections } from './pages.ts'
import type { Report, ReportFormat } from './report.ts'

/** Writes a report in a format. Each loads its own parts, so that none waits for what it does not use. */
export async function writeReport(format: ReportFormat, report: Report, terminal: Terminal): Promise<string> {
  switch (format) {
    case 'human':
      return (await import('./human.ts')).humanReport(report, terminal)
    case 'json':
      return (await import('./json.ts')).jsonReport(report)
    case 'github':
      return (await import('./github.ts')).githubReport(report)
    case 'sarif':
      return (await import('./sarif.ts')).sarifReport(report, await readErrorSections())
    case 'junit':
      return (await import('./junit.ts')).junitReport(report)
  }
}

/** The page of codes that comes with the program. */
export async function readErrorSections(): Promise<ReadonlyMap<string, ErrorSection>> {
  return errorSections(await readFile(join(packageRoot(), 'docs', 'errors.md'), 'utf8'))
}
