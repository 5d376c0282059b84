import type { Problem } from '../../domain/problem.ts'
import type { Comparison } from './comparison.ts'
import { fileHeads } from './human.ts'
import { headline } from './words.ts'

/** A comparison as one JSON document. */
export function jsonComparison({ base, head, against, problems, baseProblems, difference }: Comparison): string {
  const { same, impact, files, ledgerFiles, proposed } = difference
  const document = {
    same,
    summary: headline(impact),
    ...{ base, head, against, problems, baseProblems, impact, proposed },
    files: files.map((file) => ({
      path: file.path,
      against: file.against,
      kind: file.kind,
      addedLines: file.addedLines,
      removedLines: file.removedLines,
      diff: [...fileHeads(file), ...file.hunks, ''].join('\n'),
    })),
    ledgerFiles,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** What is said when specs cannot be compared because of their problems. */
export function jsonProblems(problems: readonly Problem[]): string {
  return `${JSON.stringify({ problems }, null, 2)}\n`
}
