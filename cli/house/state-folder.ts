import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { acquireLock, type Lock } from '../../local/lock.ts'
import { diskFault } from '../../local/process/disk-fault.ts'
import type { Settings } from './settings.ts'

/** Makes `.specyard/` and holds its lock: one process at a time works with the embedded database and the local cluster. @throws Fault FILE_FAILED, DISK_FULL, ALREADY_RUNNING */
export async function holdStateFolder(settings: Settings, command: string): Promise<Lock> {
  try {
    // Not `recursive`: on a disk that can only be read it says that the folder above is not there.
    await mkdir(settings.stateFolder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    // The folder keeps itself out of Git, also in a spec repository that has no ignore rule for it.
    await writeFile(join(settings.stateFolder, '.gitignore'), '*\n')
  } catch (error) {
    throw diskFault(error, `the folder ${settings.stateFolder} cannot be written to`)
  }
  return acquireLock(settings.stateFolder, { command })
}
