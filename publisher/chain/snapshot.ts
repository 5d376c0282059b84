import { ownedFolders, type SourceRecord } from '../../domain/ledger.ts'
import type { Deployed } from '../../domain/publication.ts'
import { type Books, byPath, type DriftEntry, type Proposed, readBooks } from '../drift.ts'
import type { Ours } from '../git/history.ts'
import { blobBytesMax, listTree, readObjects, type TreeEntry } from '../git/objects.ts'
import type { GitPlace } from '../git/run.ts'

/** What is known of one commit of the deploy repository. */
export interface Snapshot extends Books {
  readonly deployed: Deployed
  readonly entries: ReadonlyMap<string, TreeEntry>
}

/** A branch that has no commit yet. */
export const nothing: Snapshot = {
  deployed: { commit: null, files: new Map(), drifted: [] },
  entries: new Map(),
  drifted: [],
  source: null,
  merged: null,
}

/**
 * Reads the owned files at a commit.
 * @param before what was known of another commit: files that are the same in both are not read again
 * @throws Fault as `readBooks`
 */
export async function readSnapshot(
  place: GitPlace,
  head: string,
  before: Snapshot,
  ours: Ours,
  proposed: Proposed,
): Promise<Snapshot> {
  const entries = byPath(await listTree(place, head, ownedFolders))
  const known = new Map<string, string>()
  for (const [path, text] of before.deployed.files) {
    const entry = before.entries.get(path)
    if (entry) known.set(entry.object, text)
  }
  const regular = [...entries.values()].filter((entry) => entry.kind === 'file')
  const readable = regular.filter(({ object, size }) => !known.has(object) && (size ?? 0) <= blobBytesMax)
  const unread = new Set(readable.map(({ object }) => object))
  for (const [object, bytes] of await readObjects(place, [...unread])) known.set(object, bytes.toString('utf8'))
  const files = new Map<string, string>()
  for (const entry of regular) {
    const text = known.get(entry.object)
    if (text !== undefined) files.set(entry.path, text)
  }
  const books = await readBooks(place, head, { entries, texts: known }, ours, proposed)
  return { deployed: { commit: head, files, drifted: shownDrift(books.drifted) }, entries, ...books }
}

/** The files of a commit of ours, as text and by the ids that Git gives them. */
export interface Written {
  readonly files: ReadonlyMap<string, string | null>
  readonly objects: ReadonlyMap<string, string>
  /** Files that are no longer drifted. */
  readonly adopted: ReadonlySet<string>
  readonly source: SourceRecord | null
  /** Whether it takes up the proposal that was merged. */
  readonly taken?: boolean
}

/** What is known after a commit of ours without reading it: we wrote it. Its id is that of the commit below it, until it has one of its own. */
export function snapshotAfter(before: Snapshot, written: Written): Snapshot {
  const files = new Map(before.deployed.files)
  const entries = new Map(before.entries)
  for (const [path, text] of written.files) {
    const object = written.objects.get(path)
    if (text === null || object === undefined) {
      files.delete(path)
      entries.delete(path)
    } else {
      files.set(path, text)
      entries.set(path, { path, kind: 'file', object })
    }
  }
  const drifted = before.drifted.filter((file) => !written.adopted.has(file.path))
  const deployed = { commit: before.deployed.commit, files, drifted: shownDrift(drifted) }
  return { deployed, entries, drifted, source: written.source, merged: written.taken === true ? null : before.merged }
}

/** The same snapshot under the id of its commit. */
export function snapshotOf(snapshot: Snapshot, commit: string): Snapshot {
  return { ...snapshot, deployed: { ...snapshot.deployed, commit } }
}

function shownDrift(drifted: readonly DriftEntry[]): Deployed['drifted'] {
  return drifted.map(({ path, commit, author, ours }) => ({
    path,
    commit,
    author,
    ...(ours === null ? { added: true } : {}),
  }))
}
