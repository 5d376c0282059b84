import { ownedFolders } from '../../domain/ledger.ts'
import type { Merge, MergeSource } from '../../domain/publication.ts'
import { readTrailers } from '../message.ts'
import { changedPaths, type Commit, type Ours, publicationOf, readCommits } from './history.ts'
import { type GitPlace, git } from './run.ts'

/*
 * When what was proposed came to the branch, and who brought it there, from the history alone, so that it can be told again at any time. A commit that
 * was proposed says so in a trailer: what was pushed is never taken for merged, whichever way round somebody merged branches.
 *
 * how it was merged            by which commit                                                        who
 * a merge                      the first on the branch's own line that has ours in its history        its author
 * a squash, a rebase           the one on that line by which all files were as we proposed them,      its committer
 *                              before our own commit took ours up as its second parent
 * ours became the head         none: it looks like a commit that was pushed                           nobody is named
 */

/** Commits of a branch that are not before some others. */
export interface Range {
  /** Oldest first, parents before their children whatever their dates; what a merge brought stands right before it. */
  readonly ids: readonly string[]
  /** The merge that brought a commit to the branch; undefined for one that was made or pushed there itself. */
  mergeOf(id: string): string | undefined
  /** The first parent of a commit of the range; undefined for one outside, and for the first of all. */
  parentOf(id: string): string | undefined
}

/** @param without commits that are left out with all that is before them; those that are not there are passed over @throws Fault GIT_FAILED */
export async function listRange(place: GitPlace, head: string, without: readonly string[]): Promise<Range> {
  const options = ['--topo-order', '--reverse', '--parents', '--ignore-missing']
  const text = await git(place, ['rev-list', ...options, head, ...without.map((commit) => `^${commit}`), '--'])
  const parents = new Map<string, readonly string[]>()
  for (const line of text.split('\n')) {
    const [id = '', ...rest] = line.split(' ')
    if (id !== '') parents.set(id, rest)
  }
  let merges: ReadonlyMap<string, string> | undefined
  return {
    ids: [...parents.keys()],
    mergeOf: (id) => (merges ??= mergesIn(parents, head)).get(id),
    parentOf: (id) => parents.get(id)?.[0],
  }
}

/** The merge on the line of first parents by which each commit beside that line came to it. */
function mergesIn(parents: ReadonlyMap<string, readonly string[]>, head: string): ReadonlyMap<string, string> {
  const line: string[] = []
  for (let id: string | undefined = head; id !== undefined && parents.has(id); id = parents.get(id)?.[0]) line.push(id)
  const own = new Set(line)
  const merges = new Map<string, string>()
  for (const merge of line.reverse()) {
    const open = (parents.get(merge) ?? []).slice(1)
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (own.has(id) || merges.has(id) || !parents.has(id)) continue
      merges.set(id, merge)
      open.push(...(parents.get(id) ?? []))
    }
  }
  return merges
}

interface ProposedCommit extends Commit {
  readonly branch: string
}

export interface Arrival {
  /** As far as it is known: else when it was proposed. */
  readonly at: Date
  readonly merge: Merge
}

/**
 * How those commits of ours that were proposed came to the branch; of any number of them in a handful of processes.
 * @throws Fault GIT_FAILED
 */
export async function readArrivals(
  place: GitPlace,
  range: Range,
  commits: readonly Commit[],
  { email }: Ours,
): Promise<ReadonlyMap<string, Arrival>> {
  const proposals = commits.flatMap((commit) => {
    const branch = readTrailers(commit.message)?.proposedTo ?? null
    return branch === null ? [] : [{ ...commit, branch }]
  })
  const merges = await commitsBy(
    place,
    proposals.map(({ id }) => [id, range.mergeOf(id)]),
  )
  const taken = proposals.flatMap((proposal) => {
    const merge = merges.get(proposal.id)
    const isTakenUp = merge && publicationOf(merge, email, 0) !== undefined && merge.parents[1] === proposal.id
    return isTakenUp ? [{ proposal, before: merge.parents[0] }] : []
  })
  const made = await madeOf(place, range, taken)
  const takenUp = new Set(taken.map(({ proposal }) => proposal.id))
  return new Map(
    proposals.map((proposal) => {
      const { id } = proposal
      const arrival = takenUp.has(id)
        ? arrivalBy(proposal, made.get(id), 'committer')
        : arrivalBy(proposal, merges.get(id), 'author')
      return [id, arrival]
    }),
  )
}

function arrivalBy({ at: proposedAt, branch }: ProposedCommit, by: Commit | undefined, source: MergeSource): Arrival {
  if (!by) return { at: proposedAt, merge: { branch, proposedAt, by: null } }
  return { at: by.at, merge: { branch, proposedAt, by: { commit: by.id, who: by[source], source } } }
}

/**
 * What squashes and rebases made of proposals: of each the last commit on the branch that changed any of its files, before ours took it up. It took it
 * up because they were all as proposed then, so they are since that one.
 * @param taken with the head that ours took it up on
 */
async function madeOf(
  place: GitPlace,
  range: Range,
  taken: readonly { readonly proposal: Commit; readonly before: string | undefined }[],
): Promise<ReadonlyMap<string, Commit>> {
  const lines = taken.map(({ proposal, before }) => lineOf(range, before, proposal.parents[0]))
  const against = new Map(lines.flat())
  const ids = taken.map(({ proposal }) => proposal.id)
  const proposed = await changedPaths(place, ids, ownedFolders, [])
  const changed = await changedPaths(place, [...against.keys()], ownedFolders, [], against)
  return commitsBy(
    place,
    ids.map((id, index) => {
      const paths = new Set(proposed.get(id))
      return [id, lines[index]?.find(([one]) => changed.get(one)?.some((path) => paths.has(path)))?.[0]]
    }),
  )
}

/** Commits of the branch's own line with their parents, newest first, down to one that is left out. */
function lineOf(
  range: Range,
  from: string | undefined,
  end: string | undefined,
): readonly (readonly [string, string])[] {
  const line: (readonly [string, string])[] = []
  for (let id = from; id !== undefined && id !== end;) {
    const parent = range.parentOf(id)
    if (parent === undefined) break
    line.push([id, parent])
    id = parent
  }
  return line
}

/** Reads the commits that others lead to, by those; without what leads nowhere. */
async function commitsBy(
  place: GitPlace,
  pairs: readonly (readonly [string, string | undefined])[],
): Promise<ReadonlyMap<string, Commit>> {
  const wanted = [...new Set(pairs.flatMap(([, id]) => id ?? []))]
  if (wanted.length === 0) return new Map()
  const commits = new Map((await readCommits(place, wanted)).map((commit) => [commit.id, commit]))
  const found = new Map<string, Commit>()
  for (const [by, id] of pairs) {
    const commit = commits.get(id ?? '')
    if (commit) found.set(by, commit)
  }
  return found
}
