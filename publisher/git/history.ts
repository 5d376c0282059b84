import type { Publication } from '../../domain/publication.ts'
import { readTrailers } from '../message.ts'
import { readObjects } from './objects.ts'
import { type GitPlace, git, gitFailed, runGit } from './run.ts'

/** A commit as Git stores it. */
export interface Commit {
  readonly id: string
  readonly parents: readonly string[]
  /** `Name <address>`. */
  readonly author: string
  /** `Name <address>`. */
  readonly committer: string
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

const chunk = 500

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
  const { proposedTo: _proposedTo, ...about } = said
  return { commit: commit.id, parent: commit.parents[0] ?? null, subject, files, at: commit.at, ...about }
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
 * @param against the one parent that a commit is held against, for merges too
 */
export async function changedPaths(
  place: GitPlace,
  commits: readonly string[],
  folders: readonly string[],
  options: readonly '-m'[],
  against: ReadonlyMap<string, string> = new Map(),
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
  const lines = commits.map((id) => (against.has(id) ? `${id} ${against.get(id)}` : id))
  const output = await runGit(place, args, [`${lines.join('\n')}\n`])
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
  const [committedBy = ''] = values('committer')
  const committer = /^.*<(.*)> (-?\d+) [+-]\d+$/.exec(committedBy)
  return {
    id,
    parents: values('parent'),
    author: withoutTime(values('author')[0] ?? ''),
    committer: withoutTime(committedBy),
    committerEmail: committer?.[1] ?? '',
    at: new Date(Number(committer?.[2] ?? 0) * 1000),
    message: end < 0 ? '' : text.slice(end + 2),
    signed: headers.some((line) => /^gpgsig(-sha256)? /.test(line)),
  }
}

function withoutTime(person: string): string {
  return person.replace(/ -?\d+ [+-]\d+$/, '')
}
