import { ownedFolders } from '../../domain/ledger.ts'
import type { Merge } from '../../domain/publication.ts'
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

/** How those commits of ours that were proposed came to the branch. @throws Fault GIT_FAILED */
export async function readArrivals(
  place: GitPlace,
  range: Range,
  commits: readonly Commit[],
  ours: Ours,
): Promise<ReadonlyMap<string, Arrival>> {
  const proposals = commits.flatMap((commit) => {
    const branch = readTrailers(commit.message)?.proposedTo ?? null
    return branch === null ? [] : [{ ...commit, branch }]
  })
  const arrivals = new Map<string, Arrival>()
  if (proposals.length === 0) return arrivals
  const ids = new Set(proposals.flatMap(({ id }) => range.mergeOf(id) ?? []))
  const merges = new Map((await readCommits(place, [...ids])).map((commit) => [commit.id, commit]))
  for (const proposal of proposals) {
    const merge = merges.get(range.mergeOf(proposal.id) ?? '')
    arrivals.set(proposal.id, merge ? await arrivalBy(place, proposal, merge, ours) : unknown(proposal))
  }
  return arrivals
}

async function arrivalBy(place: GitPlace, proposal: ProposedCommit, merge: Commit, { email }: Ours): Promise<Arrival> {
  const { at: proposedAt, branch } = proposal
  const isTakenUp = publicationOf(merge, email, 0) !== undefined && merge.parents[1] === proposal.id
  if (!isTakenUp) {
    const { id: commit, author: who, at } = merge
    return { at, merge: { branch, proposedAt, by: { commit, who, source: 'author' } } }
  }
  const made = await madeOf(place, proposal, merge)
  if (!made) return unknown(proposal)
  const { id: commit, committer: who, at } = made
  return { at, merge: { branch, proposedAt, by: { commit, who, source: 'committer' } } }
}

function unknown({ at, branch }: ProposedCommit): Arrival {
  return { at, merge: { branch, proposedAt: at, by: null } }
}

/**
 * What a squash or a rebase made of a proposal: the last commit on the branch that changed any of its files, before ours took it up. It took it up
 * because they were all as proposed then, so they are since that one.
 */
async function madeOf(place: GitPlace, proposal: Commit, taking: Commit): Promise<Commit | undefined> {
  const [before = ''] = taking.parents
  const below = proposal.parents.slice(0, 1).map((id) => `^${id}`)
  const text = await git(place, ['rev-list', '--first-parent', '--parents', before, ...below, '--'])
  const against = new Map<string, string>()
  const ids: string[] = []
  for (const line of text.split('\n')) {
    const [id = '', parent] = line.split(' ')
    if (id === '') continue
    ids.push(id)
    if (parent !== undefined) against.set(id, parent)
  }
  const paths = new Set((await changedPaths(place, [proposal.id], ownedFolders, [])).get(proposal.id))
  const changed = await changedPaths(place, ids, ownedFolders, [], against)
  const found = ids.find((id) => changed.get(id)?.some((path) => paths.has(path)))
  return found === undefined ? undefined : (await readCommits(place, [found]))[0]
}
