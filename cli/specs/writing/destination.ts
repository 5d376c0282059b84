import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { compareText } from '../../../domain/problem.ts'
import { specsFolder, templatesFolder } from '../../../publisher/spec-files.ts'
import { UsageError } from '../../world.ts'

/** Where a tree is written; what a publication writes below `.specyard` is not compiled. */
const writtenFolders = ['applications', 'charts', 'environments'] as const

/**
 * The folder that a tree is to be written to, absolute. Below the specs its files would be read as specs the next time.
 * @param to as a person wrote it
 * @param root of the spec repository
 * @throws UsageError
 */
export function destinationOf(to: string, root: string): string {
  const folder = resolve(notEmpty(to))
  const real = realOf(folder)
  for (const read of [specsFolder, templatesFolder]) {
    if (!`${real}${sep}`.startsWith(`${realOf(join(root, read))}${sep}`)) continue
    throw new UsageError(
      `error: --to ${JSON.stringify(to)} is in ${read}/, which is read to compile; name a folder elsewhere, such as --to /tmp/tree`,
    )
  }
  return folder
}

/** A folder that options name: empty where a variable was not set, which would be the folder that one is in. @throws UsageError */
export function notEmpty(to: string): string {
  if (to.trim() !== '') return to
  throw new UsageError('error: --to names no folder; write one behind it, or --to . for the folder that you are in')
}

/** Files in the folders of a tree that are not of it, sorted: what came of specs that are gone, or what somebody put there. */
export function leftOver(folder: string, wanted: ReadonlySet<string>): readonly string[] {
  const found: string[] = []
  const open: string[] = [...writtenFolders]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (const entry of entriesOf(join(folder, path))) {
      const inner = `${path}/${entry.name}`
      if (entry.isDirectory()) open.push(inner)
      else if (!wanted.has(inner)) found.push(inner)
    }
  }
  return found.sort(compareText)
}

/** Those of some files of a tree that are in its folder, sorted. */
export function stillThere(folder: string, paths: readonly string[]): readonly string[] {
  return paths.filter((path) => existsSync(join(folder, path))).sort(compareText)
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // Not there, no folder, or nobody's business to read: what was written is written.
    return []
  }
}

/** Without links, as far as it is there. */
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(realOf(above), basename(path))
  }
}
