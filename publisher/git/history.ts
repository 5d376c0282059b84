import type { Publication } from '../../domain/publication.ts'
import { readTrailers } from '../message.ts'
import { hasCommit, readObjects } from './objects.ts'
import { type GitPlace, git, gitFailed, runGit } from './run.ts'

/** A commit as Git stores it. */
export interface Commit {
  readonly id: string
  readonly parents: readonly string[]
  /** `Name <address>`. */
  readonly author: string
  readonly committerEmail: string
  readonly at: Date
  readonly message: string
  /** Whether it carries a signature, whosever. */
  readonly signed: boolean
}

/** By what our own commits are known. */
export interface Ours {
  /** Of the committer. */
  readonly email: string
  /** Those of these commits that carry our signature; undefined where ours are not signed. */
  readonly signed?: (commits: readonly string[]) => Promise<ReadonlySet<string>>
}

/** At most so many publications are told of at once; the next call goes on after the last of them. */
export const publicationsMax = 10_000
const chunk = 500

/**
 * Commits of ours after a commit (all, when it is null or no longer there), oldest first, at most `publicationsMax`.
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
  const left = [...(known ? [after] : []), ...without].map((commit) => `^${commit}`)
  // Of what is told before, not everything has to be in this clone.
  const ids = await listCommits(place, ['--reverse', '--ignore-missing', head, ...left])
  const publications: Publication[] = []
  const before = known ? after : without.length > 0 ? await parentOf(place, ids[0]) : null
  const recognise = await openRecognition(place, ours, before)
  for (let at = 0; at < ids.length && publications.length < publicationsMax; at += chunk) {
    const commits = await readCommits(place, ids.slice(at, at + chunk))
    const changed = await changedPaths(
      place,
      commits.map((commit) => commit.id),
      folders,
      [],
    )
    for (const commit of await recognise(commits)) {
      const publication = publicationOf(commit, ours.email, changed.get(commit.id)?.length ?? 0)
      if (publication) publications.push(publication)
    }
  }
  return publications.slice(0, publicationsMax)
}

/** What came before the first that is told now: by it is known whether ours were signed already. */
async function parentOf(place: GitPlace, id: string | undefined): Promise<string | null> {
  const [commit] = id === undefined ? [] : await readCommits(place, [id])
  return commit?.parents[0] ?? null
}

/**
 * Tells our commits from those that only look like ours, along a history from its oldest commit on: any commit of ours counts until the first
 * that is signed, so that signing can be switched on at any time; after that only signed ones do.
 * @param after what has been read before; null to begin at the beginning
 */
export async function openRecognition(
  place: GitPlace,
  ours: Ours,
  after: string | null,
): Promise<(commits: readonly Commit[]) => Promise<readonly Commit[]>> {
  const { email, signed } = ours
  const looksLikeOurs = (commit: Commit): boolean => publicationOf(commit, email, 0) !== undefined
  if (!signed) return async (commits) => commits.filter(looksLikeOurs)
  const before = after === null ? undefined : await newestOfOurs(place, after, ours)
  let begun = before !== undefined && (await signed([before])).has(before)
  return async (commits) => {
    const candidates = commits.filter(looksLikeOurs)
    const good = await signed(candidates.filter((commit) => commit.signed).map(({ id }) => id))
    return candidates.filter(({ id }) => {
      begun ||= good.has(id)
      return !begun || good.has(id)
    })
  }
}

/** What a commit says of itself; undefined when it does not look like one of ours. */
export function publicationOf(commit: Commit, email: string, files: number): Publication | undefined {
  const said = commit.committerEmail === email ? readTrailers(commit.message) : undefined
  if (!said) return undefined
  const [subject = ''] = commit.message.split('\n')
  return { commit: commit.id, parent: commit.parents[0] ?? null, subject, files, at: commit.at, ...said }
}

/**
 * The newest commit of ours that a commit has in its history, itself included. Children come before parents, whatever their dates.
 * Where ours are signed it is the newest that is; while none is yet, the newest that looks like ours.
 */
export async function newestOfOurs(place: GitPlace, head: string, ours: Ours): Promise<string | undefined> {
  let unsigned: string | undefined
  const find = async (commits: readonly Commit[]): Promise<string | undefined> => {
    const candidates = commits.filter((commit) => publicationOf(commit, ours.email, 0) !== undefined)
    if (!ours.signed) return candidates[0]?.id
    unsigned ??= candidates[0]?.id
    // One at a time: the first is nearly always the one, and a signature costs a process to check.
    for (const { id, signed } of candidates) if (signed && (await ours.signed([id])).has(id)) return id
    return undefined
  }
  const first = await find(await readCommits(place, [head]))
  if (first) return first
  const ids = await listCommits(place, [head])
  for (let at = 0; at < ids.length; at += chunk) {
    const found = await find(await readCommits(place, ids.slice(at, at + chunk)))
    if (found) return found
  }
  return unsigned
}

export function listCommits(place: GitPlace, which: readonly string[]): Promise<readonly string[]> {
  return git(place, ['rev-list', '--topo-order', ...which, '--']).then((text) =>
    text.split('\n').filter((line) => line !== ''),
  )
}

export async function readCommits(place: GitPlace, ids: readonly string[]): Promise<readonly Commit[]> {
  const contents = await readObjects(place, ids)
  return ids.map((id) => parseCommit(id, (contents.get(id) ?? Buffer.alloc(0)).toString('utf8')))
}

/**
 * The files under some folders that each commit changed against its first parent or, with `-m`, against any parent;
 * without it a merge names none.
 */
export async function changedPaths(
  place: GitPlace,
  commits: readonly string[],
  folders: readonly string[],
  options: readonly '-m'[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const changed = new Map<string, string[]>()
  if (commits.length === 0) return changed
  const args = [
    'diff-tree',
    '--stdin',
    '--root',
    '-r',
    '-z',
    '--no-renames',
    '--name-only',
    ...options,
    '--',
    ...folders,
  ]
  const output = await runGit(place, args, [`${commits.join('\n')}\n`])
  if (output.code !== 0) throw gitFailed(place, 'diff-tree', output.stderr)
  const asked = new Set(commits)
  let paths: string[] = []
  for (const token of output.stdout.toString('utf8').split('\0')) {
    // Every path lies in a folder and so has a slash: a commit's id cannot be mistaken for one.
    if (asked.has(token)) {
      paths = changed.get(token) ?? []
      changed.set(token, paths)
    } else if (token !== '') paths.push(token)
  }
  return changed
}

function parseCommit(id: string, text: string): Commit {
  const end = text.indexOf('\n\n')
  const headers = (end < 0 ? text : text.slice(0, end)).split('\n')
  const values = (name: string): readonly string[] =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))
  const committer = /^.*<(.*)> (-?\d+) [+-]\d+$/.exec(values('committer')[0] ?? '')
  return {
    id,
    parents: values('parent'),
    author: (values('author')[0] ?? '').replace(/ -?\d+ [+-]\d+$/, ''),
    committerEmail: committer?.[1] ?? '',
    at: new Date(Number(committer?.[2] ?? 0) * 1000),
    message: end < 0 ? '' : text.slice(end + 2),
    signed: headers.some((line) => /^gpgsig(-sha256)? /.test(line)),
  }
}
