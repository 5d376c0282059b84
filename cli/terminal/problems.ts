import type { Problem } from '../../domain/problem.ts'
import type { Severity } from '../../domain/problem-codes.ts'
import { pageOf } from '../report/pages.ts'
import { codeFrame, type LinesOf, linesOf } from './frame.ts'
import { printable } from './printable.ts'

/** Colours for the parts of a problem. */
export interface Paint {
  readonly severity: (severity: Severity, text: string) => string
  readonly place: (text: string) => string
  readonly aside: (text: string) => string
}

export interface Shown {
  /** The sources, for a look at the lines that are meant. */
  readonly linesOf?: LinesOf
  /** The path of a file as it is shown; unless told as it is, from the root of the spec repository. */
  readonly shownPath?: (file: string) => string
  /** Whether the page of each code is named. */
  readonly pages?: boolean
  readonly paint?: Paint
  /** How wide the terminal is that this is read on. */
  readonly columns?: number
  /** All problems there are, where only some are shown: what one of them keeps secret stays so in the lines around another. */
  readonly beside?: readonly Problem[]
}

/** What a stream that problems are shown on is like. */
export type Terminal = Pick<Shown, 'paint' | 'columns'>

const plain: Paint = { severity: (_severity, text) => text, place: (text) => text, aside: (text) => text }

/**
 * Problems as people read them: `file:line:column`, severity, code and what is wrong; the line that is meant; other places that have a
 * part in it; the remedy, and the page of the code.
 */
export function formatProblems(problems: readonly Problem[], shown: Shown = {}): string {
  const secrets = (shown.beside ?? problems).filter((one) => one.secret).map((one) => one.where)
  const texts = problems.map((one) => formatProblem(one, shown, secrets))
  return texts.join(shown.linesOf ? '\n\n' : '\n')
}

function formatProblem(problem: Problem, shown: Shown, secrets: readonly Problem['where'][]): string {
  const { severity, code, message, where, hint, also = [] } = problem
  const paint = shown.paint ?? plain
  const place = ({ file, line, column }: Problem['where']): string =>
    paint.place(printable(`${shown.shownPath?.(file) ?? file}:${line}:${column}`))
  const frame = shown.linesOf ? codeFrame(problem, shown.linesOf, secrets, shown.columns) : []
  return [
    `${place(where)}  ${paint.severity(severity, severity)}  ${code}  ${printable(message)}`,
    ...frame.map((line, index) => paintFrame(line, frame.length - index, severity, paint)),
    ...also.map((one) => `    ${place(one.where)}  ${printable(one.note)}`),
    ...(hint === undefined ? [] : [`    hint: ${printable(hint)}`]),
    ...(shown.pages ? [paint.aside(`    more: ${pageOf(code)}`)] : []),
  ].join('\n')
}

/** What of the problems of a compilation concerns people, with the lines that are meant; nothing of mere notes. @param files the sources */
export function shownProblems(
  problems: readonly Problem[],
  files: Parameters<typeof linesOf>[0],
  terminal: Terminal = {},
): string | undefined {
  const shown = problems.filter((one) => one.severity !== 'note')
  if (shown.length === 0) return undefined
  return formatProblems(shown, { linesOf: linesOf(files), beside: problems, ...terminal })
}

/** The last line of a frame is its mark, the one before it what is meant. */
function paintFrame(line: string, fromEnd: number, severity: Severity, paint: Paint): string {
  if (fromEnd === 1) return paint.severity(severity, line)
  return fromEnd === 2 ? line : paint.aside(line)
}
