import type { LedgerEntry } from '../../domain/ledger-files.ts'
import type { SpecSource } from '../../domain/plan.ts'
import type { Problem } from '../../domain/problem.ts'
import type { Files } from '../../domain/publication.ts'
import type { CompileInput, Impact } from '../compile-types.ts'
import type { Learning } from '../parts.ts'
import { tooLargeManifest } from '../render/size.ts'

/** What grows while it is decided, by the ledger, what the plans come to. */
export interface Deciding {
  readonly tree: Map<string, string>
  readonly entries: Map<string, LedgerEntry>
  readonly impact: { -readonly [Key in keyof Impact]: Impact[Key][number][] }
  readonly problems: Problem[]
  readonly learning: Learning | undefined
}

export function emptyImpact(): Deciding['impact'] {
  return { starts: [], supersedes: [], cancels: [], keeps: [], releases: [], ends: [], waits: [], removes: [] }
}

/** Tells of files that are rendered now, and not copied from what is deployed, and that no cluster would take. */
export function tellSizes(
  source: SpecSource | undefined,
  files: Files,
  input: CompileInput,
  { problems }: Deciding,
): void {
  if (!source) return
  const where = { file: source.path, line: source.line, column: 1 }
  for (const [path, text] of files)
    if (input.deployed.files.get(path) !== text) problems.push(...tooLargeManifest(path, text, where))
}
