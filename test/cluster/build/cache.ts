import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where what was built once is kept, outside the checkout: $XDG_CACHE_HOME/specyard/cluster, by default under ~/.cache. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'specyard', 'cluster')
}

/** @returns 12 hex digits of the SHA-256 over everything that decides what comes out */
export function keyOf(...ingredients: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const ingredient of ingredients) hash.update(ingredient).update('\0')
  return hash.digest('hex').slice(0, 12)
}

/**
 * The folder `<name>-<key>` of the cache; made when it is not there. It appears whole or not at all, so a build that was interrupted, or
 * two at the same time, leave nothing half-made.
 * @param make fills an empty folder
 */
export async function cached(name: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), `${name}-${key}`)
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder(), { recursive: true })
  const building = mkdtempSync(join(cacheFolder(), `.${name}-`))
  try {
    await make(building)
    renameSync(building, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
  return folder
}
