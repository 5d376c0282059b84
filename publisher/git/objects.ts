import { createHash } from 'node:crypto'
import { Fault } from '../../domain/fault.ts'
import { type GitPlace, gitFailed, runGit } from './run.ts'

/** An entry of a commit's tree that is not a folder. */
export interface TreeEntry {
  readonly path: string
  readonly kind: 'file' | 'link' | 'submodule'
  readonly object: string
  /** In bytes; left out where it was not asked for. */
  readonly size?: number
}

/** A blob larger than this is none of ours, and is not read into memory. */
export const blobBytesMax = 16 * 1024 * 1024

/** Every entry under some folders of a commit. @throws Fault GIT_FAILED */
export async function listTree(
  place: GitPlace,
  commit: string,
  folders: readonly string[],
): Promise<readonly TreeEntry[]> {
  const output = await runGit(place, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit, '--', ...folders])
  if (output.code !== 0) throw gitFailed(place, 'ls-tree', output.stderr)
  const lines = output.stdout.toString('utf8').split('\0')
  return lines.flatMap((line) => {
    const tab = line.indexOf('\t')
    if (tab < 0) return []
    const [mode = '', , object = '', size] = line.slice(0, tab).split(/ +/)
    const kind = mode === '120000' ? 'link' : mode === '160000' ? 'submodule' : 'file'
    return [{ path: line.slice(tab + 1), kind, object, size: Number(size) || 0 } as const]
  })
}

/** Sizes of objects in bytes, in one call; those that are not there are left out. */
export async function objectSizes(place: GitPlace, objects: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  if (objects.length === 0) return sizes
  const output = await runGit(place, ['cat-file', '--batch-check'], lines(objects))
  if (output.code !== 0) throw gitFailed(place, 'cat-file', output.stderr)
  for (const line of output.stdout.toString('latin1').split('\n')) {
    const [object = '', type, size] = line.split(' ')
    if (type !== undefined && size !== undefined) sizes.set(object, Number(size))
  }
  return sizes
}

/** The bytes of objects, in one call. @throws Fault GIT_FAILED when one is not there */
export async function readObjects(place: GitPlace, objects: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>()
  if (objects.length === 0) return contents
  const output = await runGit(place, ['cat-file', '--batch'], lines(objects))
  if (output.code !== 0) throw gitFailed(place, 'cat-file', output.stderr)
  let offset = 0
  for (const object of objects) {
    const end = output.stdout.indexOf(0x0a, offset)
    const [id, , size] = output.stdout.subarray(offset, Math.max(end, offset)).toString('latin1').split(' ')
    const length = Number(size)
    if (end < 0 || id !== object || !Number.isInteger(length)) {
      throw new Fault('GIT_FAILED', `the object ${object} of the repository cannot be read`, {
        retry: 'later',
        hint: 'git fsck says more',
      })
    }
    contents.set(object, output.stdout.subarray(end + 1, end + 1 + length))
    offset = end + 1 + length + 1
  }
  return contents
}

export async function hasCommit(place: GitPlace, commit: string): Promise<boolean> {
  return (await runGit(place, ['cat-file', '-e', `${commit}^{commit}`])).code === 0
}

/**
 * Whether a commit is another one or among its ancestors; undefined when Git cannot tell, e.g. because it lacks one of them.
 */
export async function isAncestor(place: GitPlace, ancestor: string, descendant: string): Promise<boolean | undefined> {
  const { code } = await runGit(place, ['merge-base', '--is-ancestor', ancestor, descendant])
  return code === 0 ? true : code === 1 ? false : undefined
}

/** The id that Git gives to a text or to bytes as a blob. */
export function blobId(content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

/** A full commit id, as opposed to a name or an option. */
export function isCommitId(text: string): boolean {
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text)
}

function* lines(texts: readonly string[]): Generator<string> {
  for (let at = 0; at < texts.length; at += 1000) yield `${texts.slice(at, at + 1000).join('\n')}\n`
}
