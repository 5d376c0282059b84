import { join } from 'node:path'
import { Fault } from '../domain/fault.ts'
import type { SourceRecord } from '../domain/ledger.ts'
import { publicUrl } from './git/address.ts'
import { isCommitId, listTree, objectSizes, readObjects } from './git/objects.ts'
import { type GitEnvironment, type GitPlace, runGit } from './git/run.ts'
import { readSpecsAt, type Sources } from './source.ts'
import { specBytesMax } from './spec-files.ts'

/*
 * States of a spec repository that need not be checked out: read from Git's object database, also in a clone without a work tree, a bare one,
 * or a shallow one as far as its history goes.
 */

export const settingsPath = 'specyard.yaml'

export interface Revision extends Sources {
  readonly source: SourceRecord & { readonly commit: string }
  /** The text of its `specyard.yaml`; null where it has none. */
  readonly settings: string | null
  /** Folder that relative addresses of the settings start from: where the spec repository's root is, or would be, checked out. */
  readonly root: string
}

export interface Revisions {
  /**
   * The commit of a name, a tag or an id.
   * @throws Fault REVISION_UNKNOWN, GIT_FAILED
   */
  resolve(revision: string): Promise<string>
  /**
   * The newest commit that both have in their history: where a branch began.
   * @throws Fault REVISION_UNKNOWN also where a shallow clone ends before it
   */
  mergeBase(one: string, other: string): Promise<string>
  /** @param commit as `resolve` gives it @throws Fault GIT_FAILED */
  read(commit: string): Promise<Revision>
}

/**
 * Opens the repository that a folder belongs to.
 * @param start the root of the spec repository, a folder below it, or the folder of a bare repository
 * @throws Fault NOT_A_SPEC_REPOSITORY outside Git, GIT_MISSING
 */
export async function openRevisions(start: string, environment: GitEnvironment): Promise<Revisions> {
  const place: GitPlace = { folder: start, environment, globalConfiguration: null, secrets: [] }
  const inside = await runGit(place, ['rev-parse', '--show-prefix'])
  const shown = inside.stdout.toString('utf8').replace(/\n$/, '')
  if (inside.code !== 0) {
    throw new Fault('NOT_A_SPEC_REPOSITORY', `${start} belongs to no Git repository, so it has no revisions`, {
      retry: 'never',
      hint: 'run the command inside a clone, or leave the revision out',
    })
  }
  let prefix: string | undefined
  const resolve = (revision: string): Promise<string> => resolveCommit(place, revision)
  return {
    resolve,
    mergeBase: async (one, other) => mergeBaseOf(place, await resolve(one), await resolve(other), [one, other]),
    read: async (commit) => {
      // The spec repository's root may be a folder of a larger repository: the nearest one at or above us that has settings.
      prefix ??= await rootPrefix(place, commit, shown)
      const [sources, settings] = await Promise.all([
        readSpecsAt(place, commit, prefix),
        readText(place, commit, `${prefix}${settingsPath}`),
      ])
      const source = { format: 1, repository: await remoteUrl(place), commit, dirty: false } as const
      // So many folders below the top are we, so many is the root: it is ours or one above.
      const up = depthOf(shown) - depthOf(prefix)
      return { ...sources, source, settings, root: join(start, ...Array.from({ length: up }, () => '..')) }
    },
  }
}

function depthOf(prefix: string): number {
  return prefix.split('/').filter((part) => part !== '').length
}

async function resolveCommit(place: GitPlace, revision: string): Promise<string> {
  const looksSafe = revision !== '' && !revision.startsWith('-') && !/[\p{Cc}]/u.test(revision)
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
  const [output, refs] = looksSafe
    ? await Promise.all([runGit(place, args), branchAndTag(place, revision)])
    : [undefined, []]
  // `git checkout` would take the branch, and `git rev-parse` the tag.
  if (new Set(refs.map((ref) => ref.commit)).size > 1) {
    const names = refs.map(({ name }) => name)
    throw severalRevisions(revision, `a branch and a tag of different commits`, `write ${names.join(' or ')}`)
  }
  const commit = output?.stdout.toString('utf8').trim() ?? ''
  if (output?.code === 0 && isCommitId(commit)) return commit
  const ids = looksSafe ? await commitsThatBegin(place, revision) : []
  if (ids.length > 1)
    throw severalRevisions(
      revision,
      `the beginning of ${ids.length} commits`,
      `write more of it: ${ids.slice(0, 5).join(', ')}`,
    )
  throw await unknownRevision(place, `${JSON.stringify(revision)} is no commit of the repository at ${place.folder}`)
}

/** The branch and the tag that a name can mean. */
async function branchAndTag(
  place: GitPlace,
  name: string,
): Promise<readonly { readonly name: string; readonly commit: string }[]> {
  const wanted = [`refs/heads/${name}`, `refs/tags/${name}`]
  const format = '--format=%(refname) %(objectname) %(*objectname)'
  const output = await runGit(place, ['for-each-ref', format, '--', ...wanted])
  return output.stdout
    .toString('utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([ref = '', object = '', tagged = '']) =>
      // A pattern is for what is below it too.
      wanted.includes(ref) ? [{ name: ref.replace(/^refs\//, ''), commit: tagged || object }] : [],
    )
}

/** Commits whose ids begin with some digits. */
async function commitsThatBegin(place: GitPlace, digits: string): Promise<readonly string[]> {
  if (!/^[0-9a-f]{4,39}$/i.test(digits)) return []
  const found = (await runGit(place, ['rev-parse', `--disambiguate=${digits}`])).stdout.toString('utf8').split('\n')
  const kinds = await Promise.all(
    found
      .slice(0, candidatesMax)
      .filter(isCommitId)
      .map(async (id) => {
        const kind = (await runGit(place, ['cat-file', '-t', id])).stdout.toString('utf8').trim()
        return kind === 'commit' ? [id] : []
      }),
  )
  return kinds.flat()
}

const candidatesMax = 20

function severalRevisions(revision: string, what: string, hint: string): Fault {
  return new Fault('REVISION_UNKNOWN', `${JSON.stringify(revision)} is ${what}`, { retry: 'never', hint })
}

async function mergeBaseOf(
  place: GitPlace,
  one: string,
  other: string,
  names: readonly [string, string],
): Promise<string> {
  const output = await runGit(place, ['merge-base', one, other])
  const commit = output.stdout.toString('utf8').trim().split('\n')[0] ?? ''
  if (output.code === 0 && isCommitId(commit)) return commit
  throw await unknownRevision(place, `${names[0]} and ${names[1]} have no commit in common that is here`)
}

/** In a shallow clone a revision may only be cut off: the remedy is another one. */
async function unknownRevision(place: GitPlace, message: string): Promise<Fault> {
  const shallow = await runGit(place, ['rev-parse', '--is-shallow-repository'])
  const isShallow = shallow.stdout.toString('utf8').trim() === 'true'
  return new Fault('REVISION_UNKNOWN', isShallow ? `${message}, which is a shallow clone` : message, {
    retry: 'never',
    hint: isShallow
      ? 'fetch more of its history: git fetch --unshallow, or fetch-depth: 0 for actions/checkout'
      : 'name a commit, branch or tag that is there; a branch of the remote is named origin/<branch>',
  })
}

async function rootPrefix(place: GitPlace, commit: string, below: string): Promise<string> {
  const parts = below.split('/').filter((part) => part !== '')
  for (let length = parts.length; length >= 0; length -= 1) {
    const prefix = parts.slice(0, length).reduce((path, part) => `${path}${part}/`, '')
    if ((await listTree(place, commit, [`${prefix}${settingsPath}`])).length > 0) return prefix
  }
  return below
}

async function readText(place: GitPlace, commit: string, path: string): Promise<string | null> {
  const entry = (await listTree(place, commit, [path])).find((one) => one.path === path && one.kind === 'file')
  if (!entry) return null
  const size = (await objectSizes(place, [entry.object])).get(entry.object) ?? 0
  if (size > specBytesMax) return null
  return (await readObjects(place, [entry.object])).get(entry.object)?.toString('utf8') ?? null
}

async function remoteUrl(place: GitPlace): Promise<string | null> {
  const names = (await runGit(place, ['remote'])).stdout.toString('utf8').split('\n')
  const name = names.includes('origin') ? 'origin' : names.find((one) => one !== '')
  if (name === undefined) return null
  const output = await runGit(place, ['config', '--get', `remote.${name}.url`])
  return output.code === 0 ? publicUrl(output.stdout.toString('utf8').replace(/\n$/, '')) : null
}
