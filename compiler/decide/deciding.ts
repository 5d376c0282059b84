import type { LedgerEntry } from '../../domain/ledger-files.ts'
import type { SpecSource } from '../../domain/plan.ts'
import type { Problem } from '../../domain/problem.ts'
import type { Files } from '../../domain/publication.ts'
import type { CompileInput, Impact } from '../compile-types.ts'
import type { Learning } from '../parts.ts'
import { mayBeTooLarge, tooLargeManifest } from '../render/size.ts'

/** What grows while it is decided, by the ledger, what the plans come to. */
export interface Deciding {
  readonly tree: Map<string, string>
  readonly entries: LedgerEntry[]
  readonly impact: { -readonly [Key in keyof Impact]: Impact[Key][number][] }
  readonly problems: Problem[]
  readonly learning: Learning | undefined
}

export function emptyImpact(): Deciding['impact'] {
  return { starts: [], supersedes: [], cancels: [], keeps: [], releases: [], ends: [], waits: [], removes: [] }
}

/**
 * Adds files to the tree. Those that are rendered now, and not copied from what is deployed, and that no cluster would take are told.
 * @param source undefined where nothing can be rendered
 */
export function addFiles(
  files: Files,
  source: SpecSource | undefined,
  input: CompileInput,
  { tree, problems }: Deciding,
): void {
  files.forEach((text, path) => {
    tree.set(path, text)
    if (!source || !mayBeTooLarge(text) || input.deployed.files.get(path) === text) return
    problems.push(...tooLargeManifest(path, text, { file: source.path, line: source.line, column: 1 }))
  })
}
