import { randomUUID } from 'node:crypto'
import { link, lstat, mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { Fault, isFault } from '../domain/fault.ts'
import { type Author, importCommits, weightOf } from './git/import.ts'
import { listTree, readObjects } from './git/objects.ts'
import { openRemote, type Remote, type RemoteOptions, withSoundClone } from './git/remote.ts'
import { openSigning } from './git/sign.ts'
import { type Built, type SwapLimits, swap, swapLimits } from './git/swap.ts'
import { isSpecPath, isUnprintable, specBytesMax, specsFolder } from './spec-files.ts'

/**
 * Writes one spec file of a working tree, whole or not at all.
 * @param path under `specs/`, `/` between folders, ending in `.yaml` or `.yml`
 * @param expected the text that the file has now, null when there is none
 * @throws Fault FILE_FAILED when the file is not as expected (retry soon: read it again) or is none that may be written; DISK_FULL
 */
export async function writeSpecFile(root: string, path: string, text: string, expected: string | null): Promise<void> {
  checkSpecPath(path, text)
  const target = join(root, ...path.split('/'))
  const folder = dirname(target)
  await checkedFolder(root, folder, path)
  const about = await lstat(target).catch(() => undefined)
  if (about && !about.isFile()) throw refused(path, 'it is not a regular file')
  const present = about ? await readFile(target, 'utf8') : null
  if (present !== expected) throw notAsExpected(path, present === null)
  // A hidden name: whoever reads specs meanwhile does not see it.
  const temporary = join(folder, `.${basename(target)}.${randomUUID()}`)
  try {
    const file = await open(temporary, 'wx', about ? about.mode & 0o777 : 0o666)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    // Unlike a renamed file, a linked one never takes the place of one that somebody made a moment ago.
    if (present === null) await link(temporary, target)
    else await rename(temporary, target)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    if (code === 'EEXIST') throw notAsExpected(path, false)
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new Fault(full ? 'DISK_FULL' : 'FILE_FAILED', `${path} cannot be written (${code})`, {
      retry: 'later',
      hint: full ? 'make room and try again' : 'check the permissions of the folder',
    })
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}

export interface SpecCommit extends RemoteOptions {
  /** Under `specs/`, `/` between folders, ending in `.yaml` or `.yml`. */
  readonly path: string
  readonly text: string
  /** The text that the file has at the head of the branch, null when there is none. */
  readonly expected: string | null
  readonly message: string
  readonly author: Author
  readonly now: () => Date
  readonly limits?: Partial<SwapLimits>
  /** As `DeployOptions` has it. */
  readonly sign?: boolean
  /** What a branch that is not there yet begins with; left out: with this file alone. */
  readonly base?: { readonly branch: string }
}

/**
 * Commits one spec file to a spec repository of its own, on top of whatever its branch holds by then, as long as the file is as expected.
 * @returns the commit, or undefined when the branch has just that text already
 * @throws Fault FILE_FAILED when the file is not as expected; GIT_PUSH_REJECTED, GIT_UNREACHABLE, GIT_FAILED, DISK_FULL
 */
export async function commitSpec(commit: SpecCommit): Promise<string | undefined> {
  checkSpecPath(commit.path, commit.text)
  const remote = await openRemote(commit)
  // The clone is one for all branches: what one remote brings the other has.
  const base = commit.base && (await openRemote({ ...commit, ...commit.base }))
  return swap(remote, commit.branch, { ...swapLimits, ...commit.limits }, (head) =>
    withSoundClone(remote, async () => buildSpecCommit(remote, head ?? (await base?.bringHead()) ?? null, commit)),
  )
}

async function buildSpecCommit(
  remote: Remote,
  head: string | null,
  commit: SpecCommit,
): Promise<Built<string> | undefined | 'moved'> {
  if (head !== null && !(await remote.bring(head))) return 'moved'
  const entries = head === null ? [] : await listTree(remote.place, head, [commit.path])
  const entry = entries.find((one) => one.path === commit.path)
  if (entries.length > 0 && entry?.kind !== 'file') throw refused(commit.path, 'it is not a regular file')
  const bytes = entry && (await readObjects(remote.place, [entry.object])).get(entry.object)
  const present = bytes ? bytes.toString('utf8') : null
  if (present === commit.text) return undefined
  if (present !== commit.expected) throw notAsExpected(commit.path, present === null)
  const { author, message, path, text } = commit
  const files = new Map([[path, text]])
  // Made unique, so that two writers with the same text and second cannot make one commit and both believe it theirs.
  const unique = `${message.replaceAll('\0', '').trim()}\n\nSpecyard-Request: ${randomUUID()}\n`
  const made = { author, at: commit.now(), message: unique, files }
  const unsigned = await importCommits(remote.place, remote.reference, head, [made])
  const signing = await openSigning(remote.place, author.email, remote.cacheFolder, commit.sign)
  const [id = ''] = signing ? await signing.sign(head, unsigned, [made]) : unsigned
  return { commit: id, bytes: weightOf(files), result: id }
}

function checkSpecPath(path: string, text: string): void {
  const parts = path.split('/')
  const plainParts = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\\'))
  const isSpec = parts.length > 1 && parts[0] === specsFolder && isSpecPath(path) && !isUnprintable(path)
  if (!plainParts || !isSpec || path.length > 1024) {
    throw refused(path, `it is not the path of a spec file: ${specsFolder}/…/<name>.yaml`)
  }
  if (Buffer.byteLength(text) > specBytesMax) throw refused(path, `a spec file may have ${specBytesMax} bytes`)
}

/** Makes the folder where it is missing, step by step, so that no link on the way leads out. */
async function checkedFolder(root: string, folder: string, path: string): Promise<void> {
  const realRoot = await realpath(root)
  let at = root
  for (const part of folder
    .slice(root.length)
    .split(sep)
    .filter((name) => name !== '')) {
    at = join(at, part)
    try {
      await mkdir(at).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      const real = await realpath(at)
      if (!real.startsWith(realRoot.endsWith(sep) ? realRoot : `${realRoot}${sep}`)) {
        throw refused(path, 'a link on its way leads out of the repository')
      }
    } catch (error) {
      if (isFault(error)) throw error
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
      throw new Fault(
        code === 'ENOSPC' ? 'DISK_FULL' : 'FILE_FAILED',
        `the folder of ${path} cannot be made (${code})`,
        {
          retry: 'later',
        },
      )
    }
  }
}

function refused(path: string, why: string): Fault {
  return new Fault('FILE_FAILED', `${JSON.stringify(path)} is not written: ${why}`, { retry: 'never' })
}

function notAsExpected(path: string, gone: boolean): Fault {
  return new Fault('FILE_FAILED', `${path} ${gone ? 'is gone' : 'was changed'} meanwhile, and was left as it is`, {
    retry: 'soon',
    hint: 'look at it and ask again',
  })
}
