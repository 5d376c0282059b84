import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { acquireLock, type Lock } from '../local/lock.ts'
import type { Settings } from './settings.ts'

/** Makes `.specyard/` and holds its lock: one process at a time works with the embedded database and the local cluster. */
export async function holdStateFolder(settings: Settings, command: string): Promise<Lock> {
  await mkdir(settings.stateFolder, { recursive: true })
  // The folder keeps itself out of Git, also in a spec repository that has no ignore rule for it.
  await writeFile(join(settings.stateFolder, '.gitignore'), '*\n')
  return acquireLock(settings.stateFolder, { command })
}
