import { compareText } from '../../domain/problem.ts'
import type { Change } from '../../domain/publication.ts'
import { type GitPlace, gitFailed, runGit } from './run.ts'

export interface Author {
  readonly name: string
  readonly email: string
}

export interface NewCommit {
  readonly parent: string | null
  readonly author: Author
  readonly at: Date
  readonly message: string
  readonly files: Change
}

/**
 * Makes one commit in a repository's object database by `git fast-import`: no work tree, no index, the unchanged files are not even read.
 * @param reference keeps the commit from being collected; of this caller alone, so that a lock which a killed process left is in nobody's way
 * @returns the commit's id
 * @throws Fault GIT_FAILED
 */
export async function importCommit(place: GitPlace, reference: string, commit: NewCommit): Promise<string> {
  // `--force` lets the reference move to a commit that does not descend from the one before; nothing is pushed here.
  const output = await runGit(place, ['fast-import', '--quiet', '--done', '--force'], importStream(reference, commit))
  const id = output.stdout.toString('latin1').trim()
  if (output.code !== 0 || !/^[0-9a-f]{40,64}$/.test(id)) throw gitFailed(place, 'fast-import', output.stderr)
  return id
}

/** The bytes of all files of a commit. */
export function weightOf(files: Change): number {
  let bytes = 0
  for (const text of files.values()) bytes += text === null ? 0 : Buffer.byteLength(text)
  return bytes
}

/** The commands that make the commit and print its id. Files in the order of their paths; removals first, so that a file can become a folder. */
export function* importStream(reference: string, commit: NewCommit): Generator<Buffer | string> {
  const person = `${plain(commit.author.name)} <${plain(commit.author.email)}> ${Math.floor(commit.at.getTime() / 1000)} +0000`
  yield `commit ${reference}\nmark :1\nauthor ${person}\ncommitter ${person}\n`
  yield* data(commit.message)
  if (commit.parent !== null) yield `from ${commit.parent}\n`
  const files = [...commit.files].sort(([left], [right]) => compareText(left, right))
  for (const [path, text] of files) if (text === null) yield `D ${quoted(path)}\n`
  for (const [path, text] of files) {
    if (text === null) continue
    yield `M 100644 inline ${quoted(path)}\n`
    yield* data(text)
  }
  yield 'get-mark :1\ndone\n'
}

function* data(text: string): Generator<Buffer | string> {
  const bytes = Buffer.from(text)
  yield `data ${bytes.length}\n`
  yield bytes
  yield '\n'
}

function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** A name or address as it can stand in a commit. */
export function plain(text: string): string {
  return text.replace(/[<>\p{Cc}]/gu, '').trim()
}
