import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder, with those above it that are missing, one by one: where a file system makes none and says that the one above is missing, as `/proc`
 * does, Node would try both for ever. One that is there is left as it is, and so is what is no folder: files in it will tell.
 * @param mode of those that are made
 * @throws Error as the file system does
 */
export function makeFolder(folder: string, mode?: number): void {
  const missing: string[] = []
  for (let one = folder; !existsSync(one) && dirname(one) !== one; one = dirname(one)) missing.push(one)
  for (const one of missing.reverse()) makeInner(one, mode)
}

/** Makes a folder in one that is there. @throws Error as the file system does */
export function makeInner(folder: string, mode?: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
