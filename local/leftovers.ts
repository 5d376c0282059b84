import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { killPod, podLives, terminatePod } from './process/kill-pod.ts'
import { claimPod } from './process/pod-files.ts'

/**
 * Ends everything that an earlier local cluster left running, so that its folder can be taken away. The caller holds the lock.
 * @param stateFolder the folder that `openLocalCluster` was given
 * @param graceSeconds between TERM and KILL, whatever the manifests say
 */
export async function endLeftovers(stateFolder: string, graceSeconds = 5): Promise<void> {
  const folders = await podFolders(join(stateFolder, 'pods'))
  for (const folder of folders) seal(folder)
  for (const folder of folders) terminatePod(folder)
  const killAt = performance.now() + graceSeconds * 1000
  for (let wait = 10; folders.some(podLives); wait = Math.min(wait * 2, 200)) {
    if (performance.now() >= killAt) folders.filter(podLives).forEach(killPod)
    await pause(wait)
  }
}

async function podFolders(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).map((name) => join(folder, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** A keeper that has been started and has not taken its pod yet never will. */
function seal(folder: string): void {
  try {
    claimPod(folder, { sealed: true })
  } catch {
    // The folder is gone, and with it what its keeper could read.
  }
}
