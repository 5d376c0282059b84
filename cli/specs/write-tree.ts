import { mkdirSync, readFileSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Files } from '../../domain/publication.ts'
import { diskFault } from '../../local/process/disk-fault.ts'

/**
 * Writes the files of a tree below a folder. One that is there already with the same bytes is left alone, so that its time says when it
 * changed; others of the folder are nobody's business. In one go, because handing each call to another thread takes several times as long.
 * @param stands told how each file stands, as the file system says: before it was compared, or after it was written
 * @returns how many files were written
 * @throws Fault FILE_FAILED, DISK_FULL naming the file
 */
export function writeTree(folder: string, tree: Files, stands?: (path: string, about: Stats) => void): number {
  const made = new Set<string>()
  let written = 0
  for (const [path, text] of tree) {
    const target = join(folder, path)
    const bytes = Buffer.from(text, 'utf8')
    try {
      const about = holds(target, bytes)
      if (about) {
        stands?.(path, about)
        continue
      }
      const parent = dirname(target)
      if (!made.has(parent)) mkdirSync(parent, { recursive: true })
      made.add(parent)
      writeFileSync(target, bytes)
      stands?.(path, statSync(target))
    } catch (error) {
      throw diskFault(error, `the file ${target} cannot be written`)
    }
    written += 1
  }
  return written
}

/** What the file system says of a file with just these bytes. */
function holds(file: string, bytes: Uint8Array): Stats | undefined {
  const about = statSync(file, { throwIfNoEntry: false })
  return about?.isFile() && about.size === bytes.length && readFileSync(file).equals(bytes) ? about : undefined
}
