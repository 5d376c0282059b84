import { Fault } from '../domain/fault.ts'
import { ownedFolders } from '../domain/ledger.ts'
import type { Change } from '../domain/publication.ts'
import { isBookkeeping } from './drift.ts'
import { blobId, type TreeEntry } from './git/objects.ts'

/** What a commit would really change, byte for byte. */
export interface EffectiveChange {
  readonly files: ReadonlyMap<string, string | null>
  /** The ids that Git gives to the texts among them. */
  readonly objects: ReadonlyMap<string, string>
  /** Drifted files of which just what is there is wanted: they are ours again. */
  readonly adopted: ReadonlySet<string>
}

/**
 * Holds a wanted change against what is there, and checks that it may be made.
 * @throws Fault GIT_FAILED, a mistake in the caller: a path outside the owned folders, in the publisher's own books, of a drifted file,
 * or where a file would have to be a folder
 */
export function effectiveChange(
  entries: ReadonlyMap<string, TreeEntry>,
  drifted: ReadonlySet<string>,
  wanted: Change,
): EffectiveChange {
  const files = new Map<string, string | null>()
  const objects = new Map<string, string>()
  const adopted = new Set<string>()
  for (const [path, text] of wanted) {
    if (!isOwned(path)) throw mistake(path, 'it is in no folder that Specyard owns')
    if (isBookkeeping(path)) throw mistake(path, 'the publisher itself keeps that file')
    const entry = entries.get(path)
    const object = text === null ? undefined : blobId(text)
    const same = object === undefined ? !entry : entry?.kind === 'file' && entry.object === object
    if (drifted.has(path)) {
      if (!same)
        throw mistake(path, 'somebody else changed that file, and it is theirs until they adopt or discard the change')
      adopted.add(path)
    } else if (!same) {
      files.set(path, text)
      if (object !== undefined) objects.set(path, object)
    }
  }
  refuseFolderConflicts(entries, files)
  return { files, objects, adopted }
}

/** Whether a path lies in a folder that is ours, spelled in the one way in which Git spells it. */
export function isOwned(path: string): boolean {
  const parts = path.split('/')
  if (parts.length < 2 || !(ownedFolders as readonly string[]).includes(parts[0] ?? '')) return false
  if (path.length > 1024 || /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\\"]/u.test(path)) return false
  return !parts.some((part) => part === '' || part === '.' || part === '..' || /^\.git$/i.test(part))
}

function refuseFolderConflicts(
  entries: ReadonlyMap<string, TreeEntry>,
  files: ReadonlyMap<string, string | null>,
): void {
  const added = [...files].filter(([path, text]) => text !== null && !entries.has(path)).map(([path]) => path)
  if (added.length === 0) return
  const left = new Set([...entries.keys()].filter((path) => files.get(path) !== null))
  for (const path of added) left.add(path)
  const folders = new Set<string>()
  for (const path of left) for (const folder of foldersOf(path)) folders.add(folder)
  for (const path of added) {
    if (folders.has(path)) throw mistake(path, 'there is a folder of that name')
    const file = foldersOf(path).find((folder) => left.has(folder))
    if (file !== undefined) throw mistake(path, `${file} is a file`)
  }
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

function mistake(path: string, why: string): Fault {
  return new Fault('GIT_FAILED', `a change of ${JSON.stringify(path)} in the deploy repository was refused: ${why}`, {
    retry: 'never',
    hint: 'this is a mistake in Specyard itself: please report it',
  })
}
