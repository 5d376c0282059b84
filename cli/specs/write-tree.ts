import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Files } from '../../domain/publication.ts'
import { diskFault } from '../../local/process/disk-fault.ts'

/**
 * Writes the files of a tree below a folder. One that is there already with the same bytes is left alone, so that its time says when it
 * changed; others of the folder are nobody's business. In one go, because handing each call to another thread takes several times as long.
 * @returns how many files were written
 * @throws Fault FILE_FAILED, DISK_FULL naming the file
 */
export function writeTree(folder: string, tree: Files): number {
  const made = new Set<string>()
  let written = 0
  for (const [path, text] of tree) {
    const target = join(folder, path)
    const bytes = Buffer.from(text, 'utf8')
    try {
      if (holds(target, bytes)) continue
      const parent = dirname(target)
      if (!made.has(parent)) mkdirSync(parent, { recursive: true })
      made.add(parent)
      writeFileSync(target, bytes)
    } catch (error) {
      throw diskFault(error, `the file ${target} cannot be written`)
    }
    written += 1
  }
  return written
}

function holds(file: string, bytes: Uint8Array): boolean {
  const about = statSync(file, { throwIfNoEntry: false })
  return about?.isFile() === true && about.size === bytes.length && readFileSync(file).equals(bytes)
}
