import { closeSync, fstatSync, mkdir, open, openSync, readFileSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Files } from '../../../domain/publication.ts'
import { diskFault } from '../../../local/process/disk-fault.ts'
import { makeInner } from '../../house/make-folder.ts'
import { type Kind, makeAll, slowMicroseconds } from './make-all.ts'

/**
 * Writes the files of a tree below a folder. One that is there already with the same bytes is left alone, so that its time says when it
 * changed; others of the folder are nobody's business.
 * @param stands told how each file stands, as the file system says: before it was compared, or after it was written
 * @param slow from how many microseconds for a file on several are made at once
 * @returns how many files were written
 * @throws Fault FILE_FAILED, DISK_FULL naming the file
 */
export async function writeTree(
  folder: string,
  tree: Files,
  stands?: (path: string, about: Stats) => void,
  slow = slowMicroseconds,
): Promise<number> {
  const missing = new MissingFolders()
  const wanted: Wanted[] = []
  for (const [path, text] of tree) {
    const target = join(folder, path)
    const parent = dirname(target)
    // Nothing can be in a folder that is not there.
    const about = missing.note(parent, target) ? undefined : named(target, () => holds(target, text))
    if (about) stands?.(path, about)
    else wanted.push({ path, target, parent, text })
  }
  for (const level of missing.levels()) await makeAll(level, folders, slow)
  await makeAll(wanted, filesOf(stands), slow)
  return wanted.length
}

interface Wanted {
  readonly path: string
  readonly target: string
  readonly parent: string
  readonly text: string
}

interface Folder {
  readonly folder: string
  /** A file that it is made for. */
  readonly target: string
}

/** The folders that have to be made. */
class MissingFolders {
  private readonly missing = new Map<string, boolean>()
  private readonly byDepth: Folder[][] = []

  /** @returns whether the folder is not there */
  note(folder: string, target: string): boolean {
    const known = this.missing.get(folder)
    if (known !== undefined) return known
    const isMissing = named(target, () => statSync(folder, { throwIfNoEntry: false }) === undefined)
    this.missing.set(folder, isMissing)
    if (!isMissing) return false
    this.note(dirname(folder), target)
    const depth = folder.split(/[\\/]/).length
    ;(this.byDepth[depth] ??= []).push({ folder, target })
    return true
  }

  /** Those that can be made at once, from the outermost on. */
  levels(): readonly (readonly Folder[])[] {
    return this.byDepth.filter((level) => (level as typeof level | undefined) !== undefined)
  }
}

const folders: Kind<Folder> = {
  make: ({ folder, target }) => named(target, () => makeInner(folder)),
  begin: ({ folder, target }, end) => {
    mkdir(folder, (error) => {
      // Somebody else may have made it meanwhile; where it is no folder, the files will tell.
      end(error && error.code !== 'EEXIST' ? faultOf(error, target) : undefined)
    })
  },
  // They are told apart by where they are made: two in one folder wait for each other.
  groupOf: ({ folder }) => dirname(folder),
}

function filesOf(stands: ((path: string, about: Stats) => void) | undefined): Kind<Wanted> {
  const write = ({ path, text }: Wanted, file: number): void => {
    try {
      writeFileSync(file, text)
      stands?.(path, fstatSync(file))
    } finally {
      closeSync(file)
    }
  }
  return {
    make: (wanted) => named(wanted.target, () => write(wanted, openSync(wanted.target, 'w'))),
    begin: (wanted, end) => {
      open(wanted.target, 'w', (error, file) => {
        if (error) return end(faultOf(error, wanted.target))
        try {
          write(wanted, file)
          end(undefined)
        } catch (failure) {
          end(faultOf(failure, wanted.target))
        }
      })
    },
    groupOf: ({ parent }) => parent,
  }
}

/** What the file system says of a file with just this text. */
function holds(file: string, text: string): Stats | undefined {
  const about = statSync(file, { throwIfNoEntry: false })
  if (!about?.isFile()) return undefined
  const bytes = Buffer.from(text, 'utf8')
  return about.size === bytes.length && readFileSync(file).equals(bytes) ? about : undefined
}

function named<Value>(target: string, work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    throw faultOf(error, target)
  }
}

function faultOf(error: unknown, target: string): Error {
  return diskFault(error, `the file ${target} cannot be written`)
}
