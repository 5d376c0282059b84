import { closeSync, constants, type Dirent, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { readdir, readlink, realpath, stat } from 'node:fs/promises'
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

/**
 * The paths of all spec files of a working tree, in no order. Stops soon after `specFilesMax`.
 * @throws Fault NOT_A_SPEC_REPOSITORY
 */
export async function findSpecs(root: string, realRoot: string, problems: Problem[]): Promise<string[]> {
  const found: string[] = []
  const folders = [specsFolder]
  let entries = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const real = await realpath(join(root, folder)).catch(() => undefined)
    if (real !== undefined && !isUnder(real, realRoot)) {
      problems.push(outside(folder))
      continue
    }
    for (const entry of await listFolder(root, folder, problems)) {
      entries += 1
      const path = `${folder}/${entry.name}`
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory() && path.split('/').length <= depthMax) folders.push(path)
      else if (entry.isDirectory()) problems.push(fileProblem('FILE_UNREADABLE', path, 'the folder lies too deep'))
      else if (entry.isSymbolicLink()) await followLink(root, realRoot, path, found, problems)
      else if (isSpecPath(path)) found.push(path)
    }
    if (found.length > specFilesMax || entries > entriesMax) return Array.from({ length: specFilesMax + 1 }, () => '')
  }
  return found
}

const templatesMax = 1000

/** The paths of templates and patches, in no order; what is no regular file is left out. Nobody need have any. */
export async function findTemplates(root: string): Promise<readonly string[]> {
  const found: string[] = []
  const folders = [templatesFolder]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const path = `${folder}/${entry.name}`
      if (found.length >= templatesMax) return found
      if (entry.isFile() && isTemplatePath(path)) found.push(path)
      else if (entry.isDirectory() && path.split('/').length <= depthMax) folders.push(path)
    }
  }
  return found
}

async function listFolder(root: string, folder: string, problems: Problem[]): Promise<readonly Dirent[]> {
  try {
    return await readdir(join(root, folder), { withFileTypes: true })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    if (folder !== specsFolder) {
      problems.push(
        fileProblem('FILE_UNREADABLE', folder, `the folder cannot be read (${code})`, 'check its permissions'),
      )
      return []
    }
    const why = code === 'ENOENT' ? 'there is no folder specs/' : `the folder specs/ cannot be read (${code})`
    throw new Fault('NOT_A_SPEC_REPOSITORY', `${why} in ${root}`, { retry: 'never', hint: 'put the specs into specs/' })
  }
}

async function followLink(
  root: string,
  realRoot: string,
  path: string,
  found: string[],
  problems: Problem[],
): Promise<void> {
  const real = await realpath(join(root, path)).catch(() => undefined)
  if (real === undefined) {
    // A link to nowhere: where it points decides whether it leads out.
    const target = await readlink(join(root, path)).catch(() => '')
    if (target.startsWith('/') || isSpecPath(path)) problems.push(outside(path))
    return
  }
  if (!isUnder(real, realRoot)) problems.push(outside(path))
  else if (isSpecPath(path)) found.push(path)
  else if (
    await stat(real).then(
      (about) => about.isDirectory(),
      () => false,
    )
  ) {
    problems.push(
      fileProblem('FILE_UNREADABLE', path, 'a link to a folder is not followed', 'put the files themselves here'),
    )
  }
}

/**
 * Reads one spec file, or says what keeps it from being read. In one go: handing each of its five calls to another thread takes ten times as
 * long as a file of this size does.
 */
export function readSpec(root: string, realRoot: string, path: string): SourceFile | Problem {
  if (isUnprintable(path)) return unprintable(path)
  try {
    const real = realpathSync.native(join(root, path))
    if (!isUnder(real, realRoot)) return outside(path)
    // Opening a pipe would wait for its writer; the link was resolved above, and a new one in its place is refused.
    const file = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
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
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    return fileProblem('FILE_UNREADABLE', path, `the file cannot be read (${code})`, 'check its permissions')
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
