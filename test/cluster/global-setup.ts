import type { TestProject } from 'vitest/node'
import { readBed } from './bed.ts'
import { startBed } from './cluster.ts'
import { openDesk } from './turns/desk.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the bed that all cluster tests share. */
    readonly clusterFolder: string
    /** Port of the desk that gives the files their turns at it. */
    readonly clusterTurns: number
  }
}

/**
 * Starts one bed for all the tests of a run. Its guard takes it away even when this process is killed.
 * SPECYARD_CLUSTER, where it is set, is the folder of a bed that runs already (`npm run cluster`): tests use that one and leave it running.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stop = await provideBed(project)
  const desk = await openDesk()
  project.provide('clusterTurns', desk.port)
  return async () => {
    await desk.close()
    await stop()
  }
}

async function provideBed(project: TestProject): Promise<() => Promise<void>> {
  const running = process.env['SPECYARD_CLUSTER']
  if (running) {
    if (readBed(running) === undefined) throw new Error(`SPECYARD_CLUSTER: there is no running cluster in ${running}`)
    project.provide('clusterFolder', running)
    return async () => {}
  }
  const say = (line: string) => void process.stderr.write(`cluster: ${line}\n`)
  const { bed, stop } = await startBed({ say })
  project.provide('clusterFolder', bed.folder)
  return stop
}
