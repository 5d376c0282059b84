import { Fault } from '../domain/fault.ts'
import { ownedFolders } from '../domain/ledger.ts'
import { type GitPlace, git, gitFailed, runGit } from './git.ts'

/** A file of a commit, as `git ls-tree` names it. */
export interface TreeEntry {
  readonly mode: string
  readonly object: string
  readonly path: string
}

export async function listTree(
  place: GitPlace,
  commit: string,
  folders: readonly string[],
): Promise<readonly TreeEntry[]> {
  const text = await git(place, ['ls-tree', '-r', '-z', '--full-tree', commit, '--', ...folders])
  return text
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [head = '', path = ''] = line.split('\t')
      const [mode = '', , object = ''] = head.split(' ')
      return { mode, object, path }
    })
}

/** Reads blobs by their object ids in one call. */
export async function readBlobs(place: GitPlace, objects: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const blobs = new Map<string, Buffer>()
  if (objects.length === 0) return blobs
  const output = await runGit(place, ['cat-file', '--batch'], [`${objects.join('\n')}\n`])
  if (output.code !== 0) throw gitFailed('cat-file', output)
  let offset = 0
  for (const object of objects) {
    const end = output.stdout.indexOf(0x0a, offset)
    const [id, type, size] = output.stdout.subarray(offset, end).toString('latin1').split(' ')
    if (id !== object || type !== 'blob') {
      throw new Fault('GIT_FAILED', `the object ${object} of the repository cannot be read`, {
        retry: 'never',
        hint: 'git fsck says more',
      })
    }
    const begin = end + 1
    blobs.set(object, output.stdout.subarray(begin, begin + Number(size)))
    offset = begin + Number(size) + 1
  }
  return blobs
}

export function isOwned(path: string): boolean {
  return (
    ownedFolders.some((folder) => path.startsWith(`${folder}/`)) &&
    !path.split('/').some((part) => part === '' || part === '.' || part === '..')
  )
}

/** The commands of `git fast-import` that make one commit; nothing touches a work tree or an index. */
export function* importStream(commit: {
  readonly reference: string
  readonly parent: string | null
  readonly author: { readonly name: string; readonly email: string }
  readonly at: Date
  readonly message: string
  readonly files: ReadonlyMap<string, string | null>
}): Generator<Buffer | string> {
  const seconds = Math.floor(commit.at.getTime() / 1000)
  const person = `${plain(commit.author.name)} <${plain(commit.author.email)}> ${seconds} +0000`
  const message = Buffer.from(commit.message)
  yield `commit ${commit.reference}\nauthor ${person}\ncommitter ${person}\ndata ${message.length}\n`
  yield message
  yield '\n'
  if (commit.parent) yield `from ${commit.parent}\n`
  for (const [path, text] of commit.files) {
    if (text === null) {
      yield `D ${quoted(path)}\n`
      continue
    }
    const bytes = Buffer.from(text)
    yield `M 100644 inline ${quoted(path)}\ndata ${bytes.length}\n`
    yield bytes
    yield '\n'
  }
  yield 'done\n'
}

function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

function plain(text: string): string {
  return text.replace(/[<>\n\0]/g, '')
}
