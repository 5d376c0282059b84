import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { identify, isAlive, type ProcessIdentity } from '../base/process-table.ts'
import { until } from '../base/wait.ts'
import { userCacheFolder } from '../../../tools/user-cache-folder.ts'

/** Where what was built once is kept, outside the checkout: $XDG_CACHE_HOME/specyard/cluster, by default under ~/.cache. */
export function cacheFolder(): string {
  return join(userCacheFolder(), 'cluster')
}

/** @returns 12 hex digits of the SHA-256 over everything that decides what comes out */
export function keyOf(...ingredients: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const ingredient of ingredients) hash.update(ingredient).update('\0')
  return hash.digest('hex').slice(0, 12)
}

/** So long another process may take to make what this one waits for. */
const makingSecondsMax = 3600

/**
 * The folder `<name>-<key>` of the cache; made when it is not there. It appears whole or not at all, so a build that was interrupted leaves nothing
 * half-made. Of several processes that want the same at the same time one makes it, and the others wait for that.
 * @param make fills an empty folder
 */
export async function cached(name: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), `${name}-${key}`)
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder(), { recursive: true })
  const maker = join(cacheFolder(), `.${name}-${key}.maker`)
  const isMade = () => existsSync(folder) || claims(maker)
  await until(`another process to make ${name}`, isMade, { seconds: makingSecondsMax, everyMilliseconds: 500 })
  if (existsSync(folder)) return folder
  const building = mkdtempSync(join(cacheFolder(), `.${name}-`))
  try {
    await make(building)
    renameSync(building, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(building, { recursive: true, force: true })
    rmSync(maker, { force: true })
  }
  return folder
}

/** Writes this process into a file, as the one who makes something; false while somebody else who lives stands there. */
function claims(maker: string): boolean {
  try {
    writeFileSync(maker, JSON.stringify(identify(process.pid) ?? null), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const other = identityIn(maker)
  if (other && !isAlive(other)) rmSync(maker, { force: true })
  return false
}

/** Undefined where nothing is written yet, or it is gone. */
function identityIn(maker: string): ProcessIdentity | undefined {
  try {
    return (JSON.parse(readFileSync(maker, 'utf8')) as ProcessIdentity | null) ?? undefined
  } catch {
    return undefined
  }
}
