import { readdirSync, statSync } from 'node:fs'
import { specsFolder } from '../../../publisher/spec-files.ts'

/** Of a kilobyte or two. */
const manyFiles = 16
/** Few files may hold many specs. */
const manyBytes = 32 * 1024

/**
 * Whether a repository has so few specs that to write down what is known of them, and to read it the next time, takes longer than to check them again.
 * A look at the names alone: nothing depends on the answer but time.
 */
export function isLittle(root: string): boolean {
  const folders = [`${root}/${specsFolder}`]
  let [found, bytes] = [0, 0]
  try {
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = `${folder}/${entry.name}`
        if (entry.isDirectory()) folders.push(path)
        else bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0
        found += 1
        if (found >= manyFiles || bytes > manyBytes) return false
      }
  } catch {
    // Whoever reads the specs says what is wrong.
  }
  return true
}
