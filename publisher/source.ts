import { lstat, readdir, readFile, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Fault } from '../domain/fault.ts'
import type { SourceRecord } from '../domain/ledger.ts'
import { compareText, type Problem } from '../domain/problem.ts'
import { type ProblemCode, problemCodes } from '../domain/problem-codes.ts'
import type { SourceFile } from '../domain/publication.ts'
import { type GitEnvironment, type GitPlace, lastWords, runGit, withoutCredentials } from './git.ts'
import { isAncestor } from './history.ts'
import { listTree, readBlobs } from './objects.ts'

export const specsFolder = 'specs'
const filesMax = 5_000
/** A larger file is not read whole; the compiler's own limit is the same. */
const fileBytesMax = 256 * 1024

export interface Sources {
  readonly files: readonly SourceFile[]
  readonly problems: readonly Problem[]
}

/** Reads `specs/` of a working tree: regular files alone, and none that a link leads out of the repository to. */
export async function readWorkingTree(root: string): Promise<Sources> {
  const files: SourceFile[] = []
  const problems: Problem[] = []
  const realRoot = await realpath(root)
  const folder = join(root, specsFolder)
  let paths: readonly string[]
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    paths = entries
      .filter((entry) => !entry.isDirectory() && isSpecFile(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const why = missing ? 'there is no folder specs/' : 'the folder specs/ cannot be read'
    throw new Fault('NOT_A_SPEC_REPOSITORY', `${why} in ${root}`, {
      retry: 'never',
      hint: 'put the specs into specs/',
      cause,
    })
  }
  const named = paths
    .map((path) => ({ path, name: relative(root, path).split(sep).join('/') }))
    .sort((a, b) => compareText(a.name, b.name))
  if (named.length > filesMax) {
    return {
      files,
      problems: [
        inputProblem('FILES_TOO_MANY', specsFolder, `there are ${named.length} spec files; ${filesMax} are allowed`),
      ],
    }
  }
  for (const { path, name } of named) {
    const read = await readOne(path, name, realRoot)
    if ('code' in read) problems.push(read)
    else files.push(read)
  }
  return { files, problems }
}

/** The same files of a revision, from Git's object database; no work tree is touched. @throws Fault REVISION_UNKNOWN */
export async function readRevision(root: string, revision: string, environment: GitEnvironment): Promise<Sources> {
  const place: GitPlace = { folder: root, environment }
  const found = await runGit(place, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`])
  if (found.code !== 0)
    throw new Fault('REVISION_UNKNOWN', `"${revision}" is no commit of this repository`, { retry: 'never' })
  const entries = (await listTree(place, found.stdout.toString('utf8').trim(), [specsFolder])).filter((entry) =>
    isSpecFile(entry.path),
  )
  const regular = entries.filter((entry) => entry.mode.startsWith('100'))
  const blobs = await readBlobs(place, [...new Set(regular.map((entry) => entry.object))])
  return {
    files: regular.map((entry) => ({ path: entry.path, bytes: blobs.get(entry.object) ?? new Uint8Array() })),
    problems: entries
      .filter((entry) => !regular.includes(entry))
      .map((entry) =>
        inputProblem('FILE_OUTSIDE', entry.path, 'a link or a submodule is not a spec', 'put the file itself here'),
      ),
  }
}

/** Which state of which repository a working tree is: its remote without credentials, its commit, and whether specs differ from it. */
export async function describeSource(root: string, environment: GitEnvironment): Promise<SourceRecord> {
  const place: GitPlace = { folder: root, environment }
  const top = await runGit(place, ['rev-parse', '--show-toplevel'])
  if (top.code !== 0) return { format: 1, repository: null, commit: null, dirty: true }
  const text = async (args: readonly string[]): Promise<string | null> => {
    const output = await runGit(place, args)
    return output.code === 0 ? output.stdout.toString('utf8').trim() || null : null
  }
  const commit = await text(['rev-parse', '--verify', '--quiet', 'HEAD'])
  const remote = await text(['config', '--get', 'remote.origin.url'])
  const status = await runGit(place, [
    'status',
    '--porcelain',
    '--untracked-files=all',
    '--',
    specsFolder,
    'specyard.yaml',
  ])
  if (status.code !== 0)
    throw new Fault('GIT_FAILED', `git status failed: ${lastWords(status.stderr)}`, { retry: 'later' })
  return {
    format: 1,
    repository: remote === null ? null : withoutCredentials(remote),
    commit,
    dirty: commit === null || status.stdout.length > 0,
  }
}

/** Whether one commit of a spec repository descends from another; one that is not there is not proved to. */
export function descends(
  root: string,
  environment: GitEnvironment,
): (ancestor: string, descendant: string) => Promise<boolean> {
  return (ancestor, descendant) => isAncestor({ folder: root, environment }, ancestor, descendant)
}

async function readOne(path: string, name: string, realRoot: string): Promise<SourceFile | Problem> {
  try {
    const real = await realpath(path)
    if (!real.startsWith(`${realRoot}${sep}`)) {
      return inputProblem('FILE_OUTSIDE', name, 'the link leads out of the repository', 'put the file itself here')
    }
    const about = await lstat(real)
    if (!about.isFile()) return inputProblem('FILE_UNREADABLE', name, 'it is not a regular file')
    if (about.size > fileBytesMax) {
      return inputProblem(
        'FILE_TOO_LARGE',
        name,
        `the file has ${about.size} bytes; a spec file may have ${fileBytesMax}`,
        'split it into several files',
      )
    }
    return { path: name, bytes: await readFile(real) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    return inputProblem(
      'FILE_UNREADABLE',
      name,
      `the file cannot be read (${code})`,
      'check that the link leads somewhere and that you may read it',
    )
  }
}

function isSpecFile(path: string): boolean {
  return /\.ya?ml$/.test(path)
}

function inputProblem(code: ProblemCode, file: string, message: string, hint?: string): Problem {
  const where = { file, line: 1, column: 1 }
  return { code, severity: problemCodes[code], message, where, ...(hint === undefined ? {} : { hint }) }
}
