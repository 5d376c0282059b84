import { ownedFolders } from '../../domain/ledger.ts'
import { type Commit, listCommits, type Ours, publicationOf, readCommits } from './history.ts'
import { listTree, type TreeEntry } from './objects.ts'
import type { GitPlace } from './run.ts'

/** The owned files that a commit changed against its first parent: what they are after it, undefined for those that it removed. */
export async function writtenBy(
  place: GitPlace,
  { id, parents }: Pick<Commit, 'id' | 'parents'>,
): Promise<ReadonlyMap<string, TreeEntry | undefined>> {
  const [before] = parents
  const [left, now] = [
    before === undefined ? [] : await listTree(place, before, ownedFolders),
    await listTree(place, id, ownedFolders),
  ]
  const written = new Map<string, TreeEntry | undefined>(left.map(({ path }) => [path, undefined]))
  const known = new Map(left.map((entry) => [entry.path, entry]))
  for (const entry of now) {
    const old = known.get(entry.path)
    if (old?.object === entry.object && old.kind === entry.kind) written.delete(entry.path)
    else written.set(entry.path, entry)
  }
  return written
}

/** The commits of ours in a range, oldest first. Where ours are signed, one without our signature is none. */
export async function oursIn(place: GitPlace, range: readonly string[], ours: Ours): Promise<readonly Commit[]> {
  const commits = await readCommits(place, await listCommits(place, ['--reverse', ...range]))
  const candidates = commits.filter((commit) => publicationOf(commit, ours.email, 0) !== undefined)
  if (!ours.signed || candidates.length === 0) return candidates
  const good = await ours.signed(candidates.filter(({ signed }) => signed).map(({ id }) => id))
  return candidates.filter(({ id }) => good.has(id))
}
