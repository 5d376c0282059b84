import type { Publication } from '../../domain/publication.ts'
import { changedPaths, type Commit, openRecognition, type Ours, publicationOf, readCommits } from './history.ts'
import { listRange, readArrivals } from './merges.ts'
import { hasCommit } from './objects.ts'
import type { GitPlace } from './run.ts'

/** At most so many publications are told of at once; the next call goes on after the last of them. */
export const publicationsMax = 10_000
const chunk = 500

/**
 * Commits of ours after a commit (all, when it is null or no longer there), oldest first, at most `publicationsMax`; what was proposed stands where it
 * was merged.
 * A commit by another committer is none, whatever its trailers say; where ours are signed, nor is one without our signature that comes
 * after the first with it.
 */
export async function readPublications(
  place: GitPlace,
  head: string,
  { after, without }: { readonly after: string | null; readonly without: readonly string[] },
  ours: Ours,
  folders: readonly string[],
): Promise<readonly Publication[]> {
  const known = after !== null && (await hasCommit(place, after))
  const range = await listRange(place, head, [...(known ? [after] : []), ...without])
  const publications: Publication[] = []
  const before = known ? after : without.length > 0 ? await parentOf(place, range.ids[0]) : null
  const recognise = await openRecognition(place, ours, before)
  for (let at = 0; at < range.ids.length && publications.length < publicationsMax; at += chunk) {
    const commits = await readCommits(place, range.ids.slice(at, at + chunk))
    const changed = await changedPaths(
      place,
      commits.map((commit) => commit.id),
      folders,
      [],
    )
    const own = await recognise(commits)
    const arrivals = await readArrivals(place, range, own, ours)
    for (const commit of own) publications.push(...told(commit, changed.get(commit.id)?.length ?? 0, ours, arrivals))
  }
  return publications.slice(0, publicationsMax)
}

function told(
  commit: Commit,
  files: number,
  { email }: Ours,
  arrivals: Awaited<ReturnType<typeof readArrivals>>,
): readonly Publication[] {
  const publication = publicationOf(commit, email, files)
  return publication ? [{ ...publication, ...arrivals.get(commit.id) }] : []
}

/** What came before the first that is told now: by it is known whether ours were signed already. */
async function parentOf(place: GitPlace, id: string | undefined): Promise<string | null> {
  const [commit] = id === undefined ? [] : await readCommits(place, [id])
  return commit?.parents[0] ?? null
}
