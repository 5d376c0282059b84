import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { join, sep } from 'node:path'
import { Fault } from '../domain/fault.ts'
import type { Problem } from '../domain/problem.ts'
import type { SourceFile } from '../domain/publication.ts'
import {
  fileProblem,
  isSpecPath,
  isTemplatePath,
  isUnprintable,
  outside,
  specBytesMax,
  specFilesMax,
  specsFolder,
  templatesFolder,
  tooLarge,
  unprintable,
} from './spec-files.ts'

const entriesMax = 50_000
const depthMax = 32

/*
 * Folders are listed, and files read, by calls that wait: to hand each of them to another thread takes ten times as long as it does.
 */

/**
 * The paths of all spec files of a working tree, in no order. Stops soon after `specFilesMax`.
 * @throws Fault NOT_A_SPEC_REPOSITORY
 */
export function findSpecs(root: string, realRoot: string, problems: Problem[]): string[] {
  const found: string[] = []
  const folders = [specsFolder]
  let entries = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const real = realPath(join(root, folder))
    if (real !== undefined && !isUnder(real, realRoot)) {
      problems.push(outside(folder))
      continue
    }
    for (const entry of listFolder(root, folder, problems)) {
      entries += 1
      const path = `${folder}/${entry.name}`
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory() && path.split('/').length <= depthMax) folders.push(path)
      else if (entry.isDirectory()) problems.push(fileProblem('FILE_UNREADABLE', path, 'the folder lies too deep'))
      else if (entry.isSymbolicLink()) followLink(root, realRoot, path, found, problems)
      else if (isSpecPath(path)) found.push(path)
    }
    if (found.length > specFilesMax || entries > entriesMax) return Array.from({ length: specFilesMax + 1 }, () => '')
  }
  return found
}

const templatesMax = 1000

/** The paths of templates and patches, in no order; what is no regular file is left out. Nobody need have any. */
export function findTemplates(root: string): readonly string[] {
  const found: string[] = []
  const folders = [templatesFolder]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(join(root, folder))) {
      const path = `${folder}/${entry.name}`
      if (found.length >= templatesMax) return found
      if (entry.isFile() && isTemplatePath(path)) found.push(path)
      else if (entry.isDirectory() && path.split('/').length <= depthMax) folders.push(path)
    }
  }
  return found
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/** Without links; undefined where there is nothing. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}

function listFolder(root: string, folder: string, problems: Problem[]): readonly Dirent[] {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    if (folder !== specsFolder) {
      problems.push(
        fileProblem('FILE_UNREADABLE', folder, `the folder cannot be read (${code})`, 'check its permissions'),
      )
      return []
    }
    const why = code === 'ENOENT' ? 'there is no folder specs/' : `the folder specs/ cannot be read (${code})`
    const hint = code === 'ENOENT' ? 'put the specs into specs/' : 'it must be a folder that you may read'
    throw new Fault('NOT_A_SPEC_REPOSITORY', `${why} in ${root}`, { retry: 'never', hint })
  }
}

function followLink(root: string, realRoot: string, path: string, found: string[], problems: Problem[]): void {
  const real = realPath(join(root, path))
  if (real === undefined) {
    // A link to nowhere: where it points decides whether it leads out.
    if (targetOf(join(root, path)).startsWith('/') || isSpecPath(path)) problems.push(outside(path))
    return
  }
  if (!isUnder(real, realRoot)) problems.push(outside(path))
  else if (isSpecPath(path)) found.push(path)
  else if (statSync(real, { throwIfNoEntry: false })?.isDirectory()) {
    problems.push(
      fileProblem('FILE_UNREADABLE', path, 'a link to a folder is not followed', 'put the files themselves here'),
    )
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}

/** Reads one spec file, or says what keeps it from being read. */
export type SpecReader = (path: string) => SourceFile | Problem

/**
 * Reads spec files in one go. What folders really are is asked for once each, since that is most of the work of reading: so a reader is
 * kept for a few files, and not for longer.
 */
export function specReader(root: string, realRoot: string): SpecReader {
  const realFolders = new Map<string, string>()
  const realFolder = (folder: string): string => {
    const known = realFolders.get(folder)
    if (known !== undefined) return known
    const real = realpathSync.native(join(root, folder))
    realFolders.set(folder, real)
    return real
  }
  return (path) => {
    if (isUnprintable(path)) return unprintable(path)
    try {
      const end = path.lastIndexOf('/') + 1
      const folder = realFolder(path.slice(0, end))
      const file = isUnder(`${folder}${sep}`, realRoot) ? openUnlinked(`${folder}${sep}${path.slice(end)}`) : undefined
      if (file !== undefined) return readOpened(file, path)
      const real = realpathSync.native(join(root, path))
      return isUnder(real, realRoot) ? readOpened(openSync(real, unlinked), path) : outside(path)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
      return fileProblem('FILE_UNREADABLE', path, `the file cannot be read (${code})`, 'check its permissions')
    }
  }
}

/** No link, also no new one in the place of what was found; opening a pipe would wait for its writer. */
const unlinked = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Undefined for a link. */
function openUnlinked(path: string): number | undefined {
  try {
    return openSync(path, unlinked)
  } catch (error) {
    // FreeBSD says EMLINK.
    if (['ELOOP', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

function readOpened(file: number, path: string): SourceFile | Problem {
  try {
    const about = fstatSync(file)
    if (!about.isFile()) return fileProblem('FILE_UNREADABLE', path, 'it is not a regular file')
    if (about.size > specBytesMax) return tooLarge(path, about.size)
    // One byte more than it should have; a file that grew meanwhile is read once more, as far as any may go.
    let bytes = readUpTo(file, about.size + 1)
    if (bytes.length > about.size) bytes = readUpTo(file, specBytesMax + 1)
    return bytes.length > specBytesMax ? tooLarge(path, bytes.length) : { path, bytes }
  } finally {
    closeSync(file)
  }
}

function readUpTo(file: number, bytesMax: number): Uint8Array {
  const bytes = new Uint8Array(bytesMax)
  let length = 0
  for (let read = 1; read > 0 && length < bytesMax; length += read) {
    read = readSync(file, bytes, length, bytesMax - length, length)
  }
  return bytes.subarray(0, length)
}

function isUnder(path: string, root: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)
}
