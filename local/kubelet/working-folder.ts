import { lstatSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { dirname, isAbsolute, join, posix, resolve } from 'node:path'

/** Why a container cannot be created now; it is tried again. */
export class NotCreated extends Error {
  readonly reason: 'CreateContainerConfigError' | 'ErrImagePull'

  constructor(reason: 'CreateContainerConfigError' | 'ErrImagePull', message: string) {
    super(message)
    this.reason = reason
  }
}

/**
 * The real path of a folder of the spec repository.
 * @param path relative to `root`, or absolute inside it
 * @throws NotCreated when it leads out of the repository, also through a symbolic link
 */
export function folderWithin(root: string, path: string, what: string): string {
  const wanted = isAbsolute(path) ? path : resolve(root, path)
  const realRoot = realpathSync(root)
  let real: string
  try {
    real = realpathSync(wanted)
  } catch {
    // What does not exist yet is judged by the nearest folder above it that does.
    real = join(nearestReal(dirname(wanted)), posix.relative(nearest(dirname(wanted)), wanted))
  }
  if (real !== realRoot && !real.startsWith(`${realRoot}/`)) {
    throw new NotCreated('CreateContainerConfigError', `${what} "${path}" leads out of the spec repository`)
  }
  return real
}

function nearest(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    if (lstatSync(folder, { throwIfNoEntry: false }) || dirname(folder) === folder) return folder
  }
}

function nearestReal(path: string): string {
  return realpathSync(nearest(path))
}

/** The folder that holds an image's files. @throws NotCreated */
export function imageFolderWithin(root: string, path: string): string {
  const folder = folderWithin(root, path, 'the image folder')
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new NotCreated('ErrImagePull', `the image folder "${path}" does not exist in the spec repository`)
  }
  return folder
}

/** Makes a fresh folder that shows the entries of an image folder. */
export function makeWorkingFolder(folder: string, imageFolder: string | null): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (imageFolder !== null) linkEntries(imageFolder, folder)
}

/**
 * Shows `target` at a path below the working folder, in the place of what the image has there.
 * @param mountPath a leading slash means the working folder
 */
export function mount(folder: string, mountPath: string, target: string): void {
  const path = posix.normalize(mountPath).replace(/^\/+|\/+$/g, '')
  if (path === '' || path === '.' || path.split('/').includes('..')) {
    throw new NotCreated('CreateContainerConfigError', `mountPath "${mountPath}" is not below the working folder`)
  }
  const names = path.split('/')
  const last = names.pop() ?? ''
  let parent = folder
  for (const name of names) {
    parent = join(parent, name)
    makeReal(parent)
  }
  const place = join(parent, last)
  rmSync(place, { recursive: true, force: true })
  symlinkSync(target, place)
}

/** Turns a link to one of the image's folders into a folder with links to what is in it, so that something can be put beside that. */
function makeReal(folder: string): void {
  const linked = lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() ? realpathSync(folder) : null
  if (linked !== null) rmSync(folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (linked !== null && statSync(linked).isDirectory()) linkEntries(linked, folder)
}

function linkEntries(from: string, to: string): void {
  for (const name of readdirSync(from)) symlinkSync(join(from, name), join(to, name))
}
