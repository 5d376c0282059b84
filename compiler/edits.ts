import { driftPath, sourcePath } from '../domain/ledger.ts'
import { type LedgerEntry, ledgerPath, ledgerText } from '../domain/ledger-files.ts'
import { compareText, type Problem } from '../domain/problem.ts'
import type { Change, Deployed, Files } from '../domain/publication.ts'
import type { CompileResult } from './compile-types.ts'
import { problem } from './problem.ts'

/** What a commit changes: of the ledger, and of everything. */
export function editsOf(
  tree: Files,
  entries: readonly LedgerEntry[],
  deployed: Deployed,
): Pick<CompileResult, 'ledgerEdits' | 'change'> {
  const texts = new Map(entries.map((entry) => [ledgerPath(entry), ledgerText(entry)]))
  const ledgerEdits = difference(texts, deployed, (path) => path.startsWith('.specyard/ledger/'))
  const treeEdits = difference(tree, deployed, (path) => !path.startsWith('.specyard/'))
  const change = new Map([...withoutDrifted([...treeEdits, ...ledgerEdits], deployed), ...adopted(tree, deployed)])
  return { ledgerEdits, change }
}

/** What a commit changes so that the owned files that `covers` says are exactly the wanted ones. */
function difference(wanted: Files, deployed: Deployed, covers: (path: string) => boolean): Change {
  const change = new Map<string, string | null>()
  for (const [path, text] of wanted) if (deployed.files.get(path) !== text) change.set(path, text)
  for (const path of deployed.files.keys()) {
    if (covers(path) && !wanted.has(path) && path !== sourcePath && path !== driftPath) change.set(path, null)
  }
  return new Map([...change].sort(([left], [right]) => compareText(left, right)))
}

function withoutDrifted(edits: readonly (readonly [string, string | null])[], deployed: Deployed): Change {
  const drifted = new Set(deployed.drifted.map((file) => file.path))
  return new Map(edits.filter(([path]) => !drifted.has(path)))
}

/**
 * Files that somebody else changed to what is wanted anyway: naming them ends the drift. Manifests of attempts and the ledger are copied from what
 * is deployed, so for them being equal says nothing.
 */
function adopted(tree: Files, deployed: Deployed): Change {
  const settled = deployed.drifted
    .map(({ path }) => path)
    .filter((path) => !/^environments\/.*\/jobs\/.*\.yaml$|^\.specyard\/ledger\//.test(path))
    .map((path) => [path, tree.get(path) ?? null] as const)
    .filter(([path, wanted]) => wanted === (deployed.files.get(path) ?? null))
  return new Map(settled)
}

/** What is left as it is because of a file that somebody else has changed. */
function leftText(path: string): string {
  const [, key] = /^\.specyard\/ledger\/(?:runs|endpoints)\/(.+)\.json$/.exec(path) ?? []
  return key === undefined
    ? 'it is left as it is'
    : `until it is restored, ${key} stays as it is, whatever its spec says`
}

function restoreText(path: string): string {
  const restore = 'restore the file in the deploy repository'
  return path.startsWith('.specyard/') ? restore : `make the change in the specs and ${restore}`
}

/** Of each published file that somebody else has changed. */
export function driftWarnings(deployed: Deployed): readonly Problem[] {
  return deployed.drifted.map(({ path, commit, author, added }) => {
    const did = !deployed.files.has(path) ? 'deleted' : added ? 'added' : 'changed'
    return problem(
      'PUBLISHED_FILE_CHANGED',
      { file: path, line: 1, column: 1 },
      `${author} ${did} this published file in commit ${commit.slice(0, 10)}; ${leftText(path)}`,
      {
        hint: added ? 'take the file out of the deploy repository' : restoreText(path),
      },
    )
  })
}
