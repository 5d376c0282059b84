import type { FileDifference } from '../../compiler/impact/files.ts'
import type { Problem } from '../../domain/problem.ts'
import { printable } from '../terminal/printable.ts'
import type { Comparison } from './comparison.ts'
import { bold, code, fenced, plain } from './markdown-text.ts'
import { countText, numberText } from './numbers.ts'
import { placeText, type Row, type Section, sections } from './rows.ts'
import { headline, leftOutText, proposedText, sameText } from './words.ts'

/*
 * The comment on a pull request. GitHub takes 65,536 characters and loses what is more, so ours has fewer than 60,000 whatever the change: the
 * sentence that says it all, then the effects and the rendered difference, each as far as there is room, and how much was left out. The
 * text names no commit and no time of its own, and of a run the quarter that it is in: a change that stays the same keeps its comment as it is.
 */

/** By its first line a comment of ours is known again, to be written anew instead of another being added. */
export const markdownMarker = '<!-- specyard diff -->'
const charactersMax = 59_500
/** Of that for problems and effects; the rest is for the rendered difference, and whatever they leave. */
const effectsMax = 34_000
/** Of the row that tells how many there are besides. */
const restMost = 60
const cellMax = 420
const lineMax = 2_000

export function markdownComparison(comparison: Comparison): string {
  const { difference, problems, base, baseProblems } = comparison
  const { impact } = difference
  const parts = [
    markdownMarker,
    `### Specyard: ${plain(difference.same ? sameText('no difference', impact) : headline(impact))}`,
    ...[leftOutText(comparison), proposedText(difference.proposed)]
      .filter((text) => text !== '')
      .map((text) => `${plain(text.replace(/^./, (first) => first.toUpperCase()))}.`),
  ]
  const told: readonly Section[] = [
    ...sections(impact, 'stable'),
    problemSection('Warnings', problems),
    problemSection(`Problems of ${base?.label ?? 'the base'}`, baseProblems),
  ].filter(({ rows }) => rows.length > 0)
  const needs = told.map((section) => sectionText(section, Infinity).length)
  const room = shares(needs, effectsMax)
  parts.push(...told.map((section, index) => sectionText(section, room[index] ?? 0)))
  if (!difference.same)
    parts.push(renderedText(difference.files, difference.ledgerFiles, charactersMax - lengthOf(parts)))
  return `${parts.join('\n\n')}\n`
}

/** Divides room: who needs little gets that, and those who need more than there is get as much as one another. */
function shares(needs: readonly number[], room: number): readonly number[] {
  const given = needs.map(() => 0)
  let left = room
  const fromLeast = needs.map((need, index) => ({ need, index })).sort((one, other) => one.need - other.need)
  for (const [done, { need, index }] of fromLeast.entries()) {
    const share = Math.min(need, Math.floor(left / (needs.length - done)))
    given[index] = share
    left -= share
  }
  return given
}

/** What keeps specs from being compared, as a comment. */
export function markdownProblems(problems: readonly Problem[]): string {
  const errors = problems.filter((one) => one.severity === 'error')
  const title = countText(errors.length, 'problem', 'problems')
  const text = sectionText(problemSection('Problems', errors), charactersMax - 500)
  return `${[markdownMarker, `### Specyard: ${title}, nothing can be published`, text].join('\n\n')}\n`
}

function problemSection(title: string, problems: readonly Problem[]): Section {
  const rows = problems
    .filter((one) => one.severity !== 'note')
    .map(({ code: name, where, message, hint }): Row => ({
      name,
      where,
      says: [message, ...(hint === undefined ? [] : [`hint: ${hint}`])],
    }))
  return { title, rows }
}

function sectionText({ title, rows }: Section, charactersMost: number): string {
  const lines = [`#### ${plain(title)}`, '', '| what | where | effect |', '|---|---|---|']
  const told = rows.map(rowText)
  const whole = [...lines, ...told].join('\n')
  if (whole.length <= charactersMost) return whole
  let left = charactersMost - lengthOf(lines) - restMost
  for (const [index, line] of told.entries()) {
    left -= line.length + 1
    if (left < 0) {
      lines.push(`| … | | and ${numberText(rows.length - index)} more |`)
      break
    }
    lines.push(line)
  }
  return lines.join('\n')
}

function rowText({ name, where, says }: Row): string {
  const effect = says.map((one) => plain(one, cellMax)).join('<br>')
  return `| ${code(name, 200)} | ${code(placeText(where), 200)} | ${effect} |`
}

function renderedText(files: readonly FileDifference[], ledgerFiles: number, charactersLeft: number): string {
  if (files.length === 0) return `No rendered file changes; ${countText(ledgerFiles, 'file', 'files')} of the ledger.`
  const added = files.reduce((sum, file) => sum + file.addedLines, 0)
  const removed = files.reduce((sum, file) => sum + file.removedLines, 0)
  const summary = `Rendered: ${countText(files.length, 'file', 'files')}, +${numberText(added)} −${numberText(removed)} lines`
  const lines = ['<details>', `<summary>${summary}</summary>`, '']
  const tail = ['', '</details>']
  let left = charactersLeft - lengthOf([...lines, ...tail]) - 200
  let shown = 0
  for (const file of files) {
    const text = fileText(file, left)
    if (text === undefined) break
    lines.push(text)
    left -= text.length + 2
    shown += 1
  }
  const missing = files.length - shown
  if (missing > 0)
    lines.push(`… and ${countText(missing, 'more file', 'more files')}: ${bold('specyard diff')} shows all.`, '')
  return [...lines, ...tail].join('\n')
}

/** The difference of one file, cut where there is no more room; undefined where there is not even room for a beginning. */
function fileText(file: FileDifference, charactersLeft: number): string | undefined {
  const whole = file.hunks.flatMap((hunk) => hunk.split('\n')).map((line) => printable(line).slice(0, lineMax))
  const than = file.kind === 'replaced' ? ' in place of ' : ', against '
  const instead = file.against === null ? '' : `${than}${code(file.against, 200)}`
  const head = `${bold(file.kind)} ${code(file.path, 200)}${instead}`
  // A fence is longer than any run of its own marks in the text.
  let left = charactersLeft - head.length - 2 * (3 + longestFence(whole)) - 80
  if (left < 0) return undefined
  // What was in a file that goes is of no interest any more.
  if (file.kind === 'removed') return `${head}, ${countText(file.removedLines, 'line', 'lines')}\n`
  const lines: string[] = []
  for (const line of whole) {
    if (left < line.length + 1) break
    lines.push(line)
    left -= line.length + 1
  }
  if (lines.length < Math.min(whole.length, 5)) return undefined
  const cut = whole.length - lines.length
  const note = cut > 0 ? `\n… and ${countText(cut, 'more line', 'more lines')} of this file.\n` : ''
  return `${head}\n\n${fenced('diff', lines)}\n${note}`
}

function longestFence(lines: readonly string[]): number {
  return Math.max(0, ...lines.map((line) => Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length))))
}

function lengthOf(parts: readonly string[]): number {
  return parts.reduce((length, part) => length + part.length + 2, 0)
}
