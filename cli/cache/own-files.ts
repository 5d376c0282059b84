import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../house/make-folder.ts'

/*
 * Files that are believed: they lie in a folder that belongs to the user alone, and belong to him alone themselves.
 */

/** A folder of ours where the user's programs keep what they can make again; undefined where nothing says where that is. */
export function userFolder(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  const caches = environment['XDG_CACHE_HOME'] || (environment['HOME'] && join(environment['HOME'], '.cache'))
  return caches ? join(caches, 'specyard', name) : undefined
}

/** Whether a folder is there, or could be made, and nobody else may write to it. */
export function isOwnFolder(folder: string): boolean {
  try {
    makeFolder(folder, 0o700)
    const about = lstatSync(folder)
    return about.isDirectory() && belongs(about.uid, about.mode)
  } catch {
    return false
  }
}

function belongs(uid: number, mode: number): boolean {
  return uid === process.getuid?.() && (mode & 0o022) === 0
}

/** The bytes of a file; undefined where there is none, it is too large, or somebody else could have written it. */
export function readOwn(path: string, bytesMax: number): Buffer | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const about = fstatSync(file)
      const isFit = about.isFile() && belongs(about.uid, about.mode) && about.size <= bytesMax
      return isFit ? readFileSync(file) : undefined
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}

/** Puts a file into the place of another in one step. @param parts what it holds, one after the other. @throws Error as the file system does */
export function writeOwn(folder: string, file: string, parts: Iterable<Uint8Array>): void {
  const temporary = join(folder, `${randomUUID()}.tmp`)
  try {
    const opened = openSync(temporary, 'wx', 0o600)
    try {
      for (const part of parts) writeFileSync(opened, part)
    } finally {
      closeSync(opened)
    }
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
