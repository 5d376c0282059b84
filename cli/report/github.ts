import type { Fault } from '../../domain/fault.ts'
import type { Problem } from '../../domain/problem.ts'
import { printable } from '../terminal/printable.ts'
import { pageOf } from './pages.ts'
import { inWords, mostImportantFirst, type Report } from './report.ts'
import { summary } from './summary.ts'

const commands = { error: 'error', warning: 'warning', note: 'notice' } as const

/**
 * Commands that a step of a GitHub workflow prints to annotate lines of a change. GitHub shows the first ten of each severity of a step,
 * so the most important come first; the log has all of them.
 * @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
 */
export function githubReport(report: Report): string {
  const lines = mostImportantFirst(report.problems).map((one) => command(one, report.checkoutPath))
  return [...lines, summary(report), ''].join('\n')
}

function command(problem: Problem, path: (file: string) => string): string {
  const { file, line, column, end } = problem.where
  const isOneLine = end === undefined || end.line === line
  const properties = {
    file: path(file),
    line,
    // GitHub refuses columns of what spans several lines.
    ...(isOneLine ? { col: column } : { endLine: lastLine(end) }),
    ...(isOneLine && end ? { endColumn: end.column } : {}),
    title: problem.code,
  }
  const written = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  const message = `${printable(inWords(problem, path))}\nMore: ${pageOf(problem.code)}`
  return `::${commands[problem.severity]} ${written.join(',')}::${escapeMessage(message)}`
}

/** What kept the specs from being looked at at all, as an annotation of the job: people look for the reason among those. */
export function githubFault({ code, message, hint }: Fault): string {
  const told = [message, ...(hint === undefined ? [] : [`Hint: ${hint}`]), `More: ${pageOf(code)}`].join('\n')
  return `::error title=${code}::${escapeMessage(printable(told))}\n`
}

/** The line of the last character before an end. */
function lastLine(end: { readonly line: number; readonly column: number }): number {
  return end.column === 1 ? end.line - 1 : end.line
}

/** The runner reads a message up to the end of the line, and takes these three back. */
export function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** A property also ends at a comma, and the list of them at a colon. */
export function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
