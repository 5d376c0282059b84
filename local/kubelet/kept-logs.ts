import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { podFiles } from '../process/pod-files.ts'
import type { PodObject } from '../store/objects.ts'
import type { World } from '../world.ts'

/** As many logs of pods that have been taken away are kept; the oldest go first. */
export const keptLogsMax = 200

/** Takes an ended pod away; the log of its main container stays. */
export function removeEndedPod(world: World, pod: PodObject, forget: (podUid: string) => void): void {
  keepLog(world, pod)
  world.store.removePod(pod)
  forget(pod.uid)
}

export function keptLogFile(stateFolder: string, podName: string): string {
  return join(stateFolder, 'logs', `${podName}.log`)
}

function keepLog(world: World, pod: PodObject): void {
  const main = pod.spec.containers[0]?.name
  if (main === undefined) return
  const folder = join(world.store.folder, 'logs')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    copyFileSync(podFiles.log(world.store.podFolder(pod.uid), main), keptLogFile(world.store.folder, pod.name))
    const kept = readdirSync(folder).map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }))
    for (const { name } of kept.sort((left, right) => right.at - left.at).slice(keptLogsMax)) rmSync(join(folder, name))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // There is none where nothing ever ran.
    if (code === 'ENOENT') return
    world.log({ level: 'warn', message: `the log of pod ${pod.name} could not be kept (${code ?? 'unknown error'})` })
  }
}
