import { Fault } from '../domain/fault.ts'
import { type DriftedFile, driftPath, ownedFolders, type SourceRecord, sourcePath } from '../domain/ledger.ts'
import { compareText } from '../domain/problem.ts'
import { changedPaths, type Commit, listCommits, newestOfOurs, type Ours, readCommits } from './git/history.ts'
import { isAncestor, listTree, readObjects, type TreeEntry } from './git/objects.ts'
import type { GitPlace } from './git/run.ts'
import { oursIn, writtenBy } from './git/written.ts'

/*
 * An owned file is drifted from the first commit of somebody else that changes, adds or deletes it until
 * - it is again as our newest commit before that had it (the change was discarded), or
 * - a change of ours asks for just the bytes that are there (it was adopted).
 * What others changed since our newest commit is seen by comparing the two trees, so that a merge, a revert or a rewritten history need no
 * case of their own. What they changed before that is written in the `drift.json` of our newest commit, and read from there alone:
 * the two files that keep our books are never drifted, and nobody else's edit of them counts.
 *
 * A merge of what we proposed is nobody's change: files are then held against what our commits on both of its sides left. A squash or a rebase has
 * another author and message, and no commit of ours in its history; it counts as ours where every file that we proposed to change is there, byte
 * for byte, as our own commit has it, which is known and, where ours are signed, signed. Anything less is somebody else's change.
 */

/** A drifted file, and what it was when it was still ours: without that nobody could tell when it is as before. */
export interface DriftEntry extends DriftedFile {
  /** Object id of our bytes; null when we had no such file. */
  readonly ours: string | null
}

export interface Books {
  readonly drifted: readonly DriftEntry[]
  /** What our newest commit says it was compiled from. */
  readonly source: SourceRecord | null
  /** A proposal of ours that is there without being in the history of the branch: its next commit has to take it up. */
  readonly merged: string | null
}

/** What we proposed last, as a commit in the clone that is known to be ours; undefined where there is none. */
export type Proposed = () => Promise<Commit | undefined>

/** @throws Fault LEDGER_UNREADABLE, LEDGER_VERSION_UNKNOWN for books that this version cannot read; GIT_FAILED */
export async function readBooks(
  place: GitPlace,
  head: string,
  { entries, texts }: { readonly entries: ReadonlyMap<string, TreeEntry>; readonly texts: ReadonlyMap<string, string> },
  ours: Ours,
  proposed: Proposed,
): Promise<Books> {
  const newest = await newestOfOurs(place, head, ours)
  const none = new Map<string, TreeEntry>()
  const before =
    newest === head ? entries : newest === undefined ? none : byPath(await listTree(place, newest, ownedFolders))
  const { drifted: carried, source } = newest === undefined ? noBooks : await readOurs(place, before, texts)
  if (newest === head) return { drifted: carried, source, merged: null }
  const range = newest === undefined ? [head] : [head, `^${newest}`]
  const changed = driftSince(before, entries, carried)
  if (!changed.some(({ known }) => known === null))
    return { drifted: changed.flatMap(({ known }) => known ?? []), source, merged: null }
  const merged = await mergedAt(place, { head, range, before, entries }, ours, proposed)
  const drifted = merged ? driftSince(merged.before, entries, carried) : changed
  return {
    drifted: await attribute(place, range, drifted),
    source: merged?.sourceOf ? (await readOurs(place, merged.sourceOf, texts)).source : source,
    merged: merged?.proposal ?? null,
  }
}

const noBooks: Pick<Books, 'drifted' | 'source'> = { drifted: [], source: null }

/** What ours left at a head that is a merge of theirs, or a squash of what we proposed; undefined where it is neither. */
async function mergedAt(
  place: GitPlace,
  at: {
    readonly head: string
    readonly range: readonly string[]
    readonly before: ReadonlyMap<string, TreeEntry>
    readonly entries: ReadonlyMap<string, TreeEntry>
  },
  ours: Ours,
  proposed: Proposed,
) {
  const beside = await oursIn(place, at.range, ours)
  const proposal = await proposed()
  const isKnown = proposal !== undefined && (await isAncestor(place, proposal.id, at.head)) !== false
  const taken = proposal && !isKnown ? await writtenBy(place, proposal) : undefined
  const isThere = taken && [...taken].every(([path, entry]) => identity(at.entries.get(path)) === identity(entry))
  if (beside.length === 0 && !isThere) return undefined
  const before = new Map(at.before)
  let sourceOf: ReadonlyMap<string, TreeEntry> | undefined
  for (const commit of [...beside, ...(isThere && proposal ? [proposal] : [])])
    for (const [path, entry] of await writtenBy(place, commit)) {
      if (entry) before.set(path, entry)
      else before.delete(path)
      // The books are those of whoever wrote last what is there.
      if (path === sourcePath && identity(entry) === identity(at.entries.get(path)))
        sourceOf = new Map([[path, entry as TreeEntry]])
    }
  return { before, sourceOf, proposal: isThere && proposal ? proposal.id : null }
}

/** The text of `drift.json`, or null when there is nothing to say. */
export function driftText(drifted: readonly DriftEntry[]): string | null {
  if (drifted.length === 0) return null
  const files = [...drifted].sort((left, right) => compareText(left.path, right.path))
  return `${JSON.stringify({ format: 1, files }, null, 2)}\n`
}

export function sourceText(source: SourceRecord): string {
  const { format, repository, commit, dirty } = source
  return `${JSON.stringify({ format, repository, commit, dirty }, null, 2)}\n`
}

export function isBookkeeping(path: string): boolean {
  return path === driftPath || path === sourcePath
}

export function byPath(entries: readonly TreeEntry[]): ReadonlyMap<string, TreeEntry> {
  return new Map(entries.map((entry) => [entry.path, entry]))
}

interface Unattributed {
  readonly path: string
  readonly ours: string | null
  /** Set for what was drifted before and has not been changed again. */
  readonly known: DriftEntry | null
}

/** Which files are not as we left them, without who did it. */
function driftSince(
  before: ReadonlyMap<string, TreeEntry>,
  now: ReadonlyMap<string, TreeEntry>,
  carried: readonly DriftEntry[],
): readonly Unattributed[] {
  const known = new Map(carried.map((entry) => [entry.path, entry]))
  const paths = new Set([...before.keys(), ...now.keys(), ...known.keys()])
  const drifted: Unattributed[] = []
  for (const path of paths) {
    if (isBookkeeping(path)) continue
    const entry = known.get(path)
    const left = identity(before.get(path))
    const present = identity(now.get(path))
    const ours = entry ? entry.ours : left
    if (present === ours) continue
    if (present !== left) drifted.push({ path, ours, known: null })
    else if (entry) drifted.push({ path, ours, known: entry })
  }
  return drifted.sort((one, other) => compareText(one.path, other.path))
}

/** Names for each file the newest commit of the range that changed it; a merge only where no other commit did. */
async function attribute(
  place: GitPlace,
  range: readonly string[],
  drifted: readonly Unattributed[],
): Promise<readonly DriftEntry[]> {
  const open = new Set(drifted.filter((file) => file.known === null).map((file) => file.path))
  const blamed = new Map<string, string>()
  const commits = open.size > 0 ? await listCommits(place, range) : []
  for (const merges of [[], ['-m']] as const) {
    for (let at = 0; at < commits.length && open.size > 0; at += 500) {
      const some = commits.slice(at, at + 500)
      const changed = await changedPaths(place, some, ownedFolders, merges)
      for (const commit of some) {
        for (const path of changed.get(commit) ?? []) if (open.delete(path)) blamed.set(path, commit)
      }
    }
  }
  const [head = ''] = commits
  const ids = [...new Set([...blamed.values(), ...(open.size > 0 ? [head] : [])])]
  const authors = new Map((await readCommits(place, ids)).map((commit) => [commit.id, commit.author]))
  return drifted.map(({ path, ours, known }) => {
    const commit = blamed.get(path) ?? head
    return known ?? { path, commit, author: authors.get(commit) ?? '', ours }
  })
}

function identity(entry: TreeEntry | undefined): string | null {
  if (!entry) return null
  return entry.kind === 'file' ? entry.object : `${entry.kind} ${entry.object}`
}

/** @param texts of objects that have been read already */
async function readOurs(
  place: GitPlace,
  entries: ReadonlyMap<string, TreeEntry>,
  texts: ReadonlyMap<string, string>,
): Promise<Pick<Books, 'drifted' | 'source'>> {
  const drift = entries.get(driftPath)
  const source = entries.get(sourcePath)
  const objects = [drift, source].flatMap((entry) => (entry?.kind === 'file' ? [entry.object] : []))
  const unread = new Set(objects.filter((object) => !texts.has(object)))
  const contents = await readObjects(place, [...unread])
  const parsed = <Book extends { readonly format: 1 }>(path: string, entry: TreeEntry | undefined): Book | null => {
    const text = entry && (texts.get(entry.object) ?? contents.get(entry.object)?.toString('utf8'))
    return text === undefined ? null : parseBook<Book>(path, text)
  }
  const files = parsed<{ format: 1; files: readonly DriftEntry[] }>(driftPath, drift)?.files ?? []
  return {
    drifted: files.map(({ path, commit, author, ours }) => ({ path, commit, author, ours: ours ?? null })),
    source: parsed<SourceRecord>(sourcePath, source),
  }
}

function parseBook<Book extends { readonly format: 1 }>(path: string, text: string): Book {
  let book: { format?: unknown } | null
  try {
    book = JSON.parse(text) as { format?: unknown } | null
  } catch {
    throw new Fault('LEDGER_UNREADABLE', `the file ${path} of the deploy repository is not JSON`, {
      retry: 'never',
      hint: `restore it from the deploy repository's history: git checkout <commit> -- ${path}`,
    })
  }
  if (book?.format === 1) return book as Book
  throw new Fault(
    'LEDGER_VERSION_UNKNOWN',
    `the file ${path} of the deploy repository has format ${String(book?.format)}; this version knows format 1`,
    { retry: 'never', hint: 'use the version of Specyard that wrote it, or a newer one' },
  )
}
