import { compareText } from '../../domain/problem.ts'
import type { Change } from '../../domain/publication.ts'
import { isCommitId } from './objects.ts'
import { type GitPlace, gitFailed, runGit } from './run.ts'

export interface Author {
  readonly name: string
  readonly email: string
}

export interface NewCommit {
  readonly author: Author
  readonly at: Date
  readonly message: string
  readonly files: Change
  /** A commit that this one takes up, files or not: its second parent. */
  readonly merges?: string
}

/**
 * Makes commits, each on top of the one before, in a repository's object database by one `git fast-import`: no work tree, no index, the unchanged
 * files are not even read.
 * @param reference keeps the commits from being collected; of this caller alone, so that a lock which a killed process left is in nobody's way
 * @param parent of the first; null for one without
 * @returns the commits' ids
 * @throws Fault GIT_FAILED
 */
export async function importCommits(
  place: GitPlace,
  reference: string,
  parent: string | null,
  commits: readonly NewCommit[],
): Promise<readonly string[]> {
  // `--force` lets the reference move to a commit that does not descend from the one before; nothing is pushed here.
  const stream = importStream(reference, parent, commits)
  const output = await runGit(place, ['fast-import', '--quiet', '--done', '--force'], stream)
  const ids = output.stdout.toString('latin1').trim().split('\n')
  if (output.code !== 0 || ids.length !== commits.length || !ids.every(isCommitId))
    throw gitFailed(place, 'fast-import', output.stderr)
  return ids
}

/** The bytes of all files of a commit. */
export function weightOf(files: Change): number {
  let bytes = 0
  for (const text of files.values()) bytes += text === null ? 0 : Buffer.byteLength(text)
  return bytes
}

/** Commands gathered to so many characters: a write for each of 10,000 files costs more than what it writes. */
const chunkCharacters = 256 * 1024

/** The commands that make the commits and print their ids. Files in the order of their paths; removals first, so that a file can become a folder. */
export function* importStream(
  reference: string,
  parent: string | null,
  commits: readonly NewCommit[],
): Generator<string> {
  let chunk = ''
  for (const command of commandsOf(reference, parent, commits)) {
    chunk += command
    if (chunk.length < chunkCharacters) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

function* commandsOf(reference: string, parent: string | null, commits: readonly NewCommit[]): Generator<string> {
  for (const [index, commit] of commits.entries()) {
    const person = `${plain(commit.author.name)} <${plain(commit.author.email)}> ${secondsOf(commit.at)} +0000`
    yield `commit ${reference}\nmark :${index + 1}\nauthor ${person}\ncommitter ${person}\n${data(commit.message)}`
    const from = index === 0 ? parent : `:${index}`
    if (from !== null) yield `from ${from}\n`
    if (commit.merges !== undefined) yield `merge ${commit.merges}\n`
    const files = [...commit.files].sort(([left], [right]) => compareText(left, right))
    for (const [path, text] of files) if (text === null) yield `D ${quoted(path)}\n`
    for (const [path, text] of files) if (text !== null) yield `M 100644 inline ${quoted(path)}\n${data(text)}`
  }
  for (const index of commits.keys()) yield `get-mark :${index + 1}\n`
  yield 'done\n'
}

/** A date as Git has it. */
export function secondsOf(at: Date): number {
  return Math.floor(at.getTime() / 1000)
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`
}

function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** A name or address as it can stand in a commit. */
export function plain(text: string): string {
  return text.replace(/[<>\p{Cc}]/gu, '').trim()
}
