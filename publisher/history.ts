import { type DriftedFile, driftPath } from '../domain/ledger.ts'
import { type Publication, trailers } from '../domain/publication.ts'
import { type GitPlace, git } from './git.ts'
import { isOwned } from './objects.ts'

export interface Author {
  readonly name: string
  readonly email: string
}

/** Commits of ours after `after` (or all), oldest first. A commit without our address is none, whatever its trailers say. */
export async function readPublications(
  place: GitPlace,
  head: string,
  after: string | null,
  author: Author,
): Promise<readonly Publication[]> {
  const range = after && (await isAncestor(place, after, head)) ? `${after}..${head}` : head
  const fields = ['%H', '%P', '%ce', '%ct', '%s', '%(trailers:unfold,only)'].join('%x1f')
  const text = await git(place, [
    'log',
    '--reverse',
    '--first-parent',
    `--format=%x1e${fields}%x1d`,
    '--name-only',
    '--no-renames',
    range,
  ])
  return text
    .split('\x1e')
    .slice(1)
    .flatMap((entry) => {
      const [head1 = '', names = ''] = entry.split('\x1d')
      const [commit = '', parents = '', email, seconds = '0', subject = '', trailing = ''] = head1.split('\x1f')
      const values = readTrailers(trailing)
      const requestId = values.get(trailers.request)?.[0]
      if (email !== author.email || requestId === undefined) return []
      return [
        {
          commit,
          parent: parents.split(' ')[0] || null,
          action: values.get(trailers.action)?.[0] ?? '',
          subject,
          subjects: values.get(trailers.subject) ?? [],
          sourceRepository: values.get(trailers.sourceRepository)?.[0] ?? null,
          sourceCommit: values.get(trailers.sourceCommit)?.[0] ?? null,
          sourceDirty: values.get(trailers.sourceDirty)?.[0] === 'true',
          requestId,
          files: names.split('\n').filter((name) => name !== '').length,
          at: new Date(Number(seconds) * 1000),
        },
      ]
    })
}

export async function isAncestor(place: GitPlace, ancestor: string, descendant: string): Promise<boolean> {
  try {
    await git(place, ['merge-base', '--is-ancestor', ancestor, descendant])
    return true
  } catch {
    return false
  }
}

/**
 * Owned files that somebody else changed since our newest commit, with what that commit carried over; files that are again as our commit had
 * them are settled.
 */
export async function findDrift(
  place: GitPlace,
  head: string,
  author: Author,
  carried: (commit: string) => Promise<readonly DriftedFile[]>,
): Promise<readonly DriftedFile[]> {
  const ours = await newestOfOurs(place, head, author)
  const before = ours ? await carried(ours) : []
  if (ours === head) return before
  const range = ours ? `${ours}..${head}` : head
  const text = await git(place, [
    'log',
    '-m',
    '--reverse',
    '--format=%x1e%H%x1f%an <%ae>%x1d',
    '--name-only',
    '-z',
    '--no-renames',
    range,
  ])
  const drifted = new Map(before.map((file) => [file.path, file]))
  for (const entry of text.split('\x1e').slice(1)) {
    const [who = '', names = ''] = entry.split('\x1d')
    const [commit = '', person = ''] = who.split('\x1f')
    for (const path of names.split(/[\0\n]/).filter((name) => isOwned(name) && name !== driftPath)) {
      drifted.set(path, { path, commit, author: person })
    }
  }
  if (!ours || drifted.size === 0) return [...drifted.values()]
  const changed = new Set((await git(place, ['diff', '--name-only', '-z', '--no-renames', ours, head])).split('\0'))
  const carriedPaths = new Set(before.map((file) => file.path))
  return [...drifted.values()].filter((file) => changed.has(file.path) || carriedPaths.has(file.path))
}

async function newestOfOurs(place: GitPlace, head: string, author: Author): Promise<string | undefined> {
  const step = 64
  for (let skip = 0; ; skip += step) {
    const format = `--format=%H%x1f%ce%x1f%(trailers:key=${trailers.request},valueonly,separator=%x2c)%x1e`
    const text = await git(place, ['log', '--first-parent', `--skip=${skip}`, `--max-count=${step}`, format, head])
    const rows = text
      .split('\x1e')
      .map((row) => row.trim())
      .filter((row) => row !== '')
    for (const row of rows) {
      const [commit, email, request] = row.split('\x1f')
      if (email === author.email && request) return commit
    }
    if (rows.length < step) return undefined
  }
}

function readTrailers(text: string): ReadonlyMap<string, string[]> {
  const values = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Za-z-]+): (.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) values.set(key, [...(values.get(key) ?? []), value])
  }
  return values
}
