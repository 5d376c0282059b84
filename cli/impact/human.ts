import pc from 'picocolors'
import type { FileDifference } from '../../compiler/impact/files.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { type Terminal, shownProblems } from '../terminal/problems.ts'
import { printable } from '../terminal/printable.ts'
import type { Comparison } from './comparison.ts'
import { countText } from './numbers.ts'
import { placeText, sections } from './rows.ts'
import { headline, leftOutText, proposedText, sameText } from './words.ts'

/** The sources of both sides, for a look at the lines that problems mean. */
export interface SidesFiles {
  readonly head: readonly SourceFile[]
  readonly base: readonly SourceFile[]
}

/**
 * A comparison for a person at a terminal: what it does first, then the rendered difference.
 * @param terminal without `paint` no colours
 */
export function humanComparison(comparison: Comparison, files: SidesFiles, terminal: Terminal = {}): string {
  const { against, head, difference } = comparison
  const colours = pc.createColors(terminal.paint !== undefined)
  const blocks = [
    [
      ...(difference.same
        ? [sameText(`no difference between ${printable(against)} and ${printable(head.label)}`, difference.impact)]
        : [
            colours.bold(headline(difference.impact)),
            proposedText(difference.proposed),
            colours.dim(`${printable(head.label)} against ${printable(against)}`),
          ]),
      printable(leftOutText(comparison)),
    ]
      .filter((line) => line !== '')
      .join('\n'),
    ...sections(difference.impact).map(({ title, rows }) => {
      const lines = rows.flatMap(({ name, where, says }) => [
        `  ${printable(name)}  ${colours.dim(printable(placeText(where)))}`,
        ...says.map((one) => `    ${printable(one).replaceAll('\n', '\n      ')}`),
      ])
      return [colours.bold(title), ...lines].join('\n')
    }),
    ...notices(comparison, files, terminal),
    ...difference.files.map((file) => renderedDifference(file, colours)),
    ...(difference.files.length === 0 && !difference.same
      ? [`no rendered file changes, ${countText(difference.ledgerFiles, 'file', 'files')} of the ledger`]
      : []),
  ]
  return `${blocks.join('\n\n')}\n`
}

/** Warnings, and what is wrong with specs that were left out. */
function notices(
  { problems, baseProblems, base }: Comparison,
  files: SidesFiles,
  terminal: Terminal,
): readonly string[] {
  const told = shownProblems(problems, files.head, terminal)
  const toldOfBase = shownProblems(baseProblems, files.base, terminal)
  return [
    ...(told === undefined ? [] : [told]),
    ...(toldOfBase === undefined ? [] : [`Problems of ${printable(base?.label ?? 'the base')}\n${toldOfBase}`]),
  ]
}

function renderedDifference(file: FileDifference, colours: ReturnType<typeof pc.createColors>): string {
  const paint = (line: string): string => {
    if (line.startsWith('+')) return colours.green(line)
    if (line.startsWith('-')) return colours.red(line)
    return line.startsWith('@@') ? colours.cyan(line) : line
  }
  const lines = file.hunks.flatMap((hunk) => hunk.split('\n')).map((line) => paint(printable(line)))
  return [colours.bold(fileHeads(file).join('\n')), ...lines].join('\n')
}

/** The two lines that `diff -u` begins a file with. */
export function fileHeads({ path, against, kind }: FileDifference): readonly [string, string] {
  const before = against ?? (kind === 'added' ? '/dev/null' : path)
  return [`--- ${printable(before)}`, `+++ ${kind === 'removed' ? '/dev/null' : printable(path)}`]
}
