import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect } from 'vitest'

/** Compares files with a folder of expected ones, whole: a file too many or too few fails too. `npm run golden` renews the folder. */
export function expectFolder(folder: string, files: ReadonlyMap<string, string>): void {
  if (process.env['UPDATE_GOLDEN']) {
    rmSync(folder, { recursive: true, force: true })
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    return
  }
  expect(Object.fromEntries([...files].sort())).toEqual(Object.fromEntries([...readFolder(folder)].sort()))
}

export function readFolder(folder: string): ReadonlyMap<string, string> {
  if (!existsSync(folder)) return new Map()
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [relative(folder, path), readFileSync(path, 'utf8')]
    }),
  )
}
