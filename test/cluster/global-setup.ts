import type { TestProject } from 'vitest/node'
import { readBed } from './bed.ts'
import { startBed } from './cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the bed that all cluster tests share. */
    readonly clusterFolder: string
  }
}

/**
 * Starts one bed for all the tests of a run. Its guard takes it away even when this process is killed.
 * SPECYARD_CLUSTER, where it is set, is the folder of a bed that runs already (`npm run cluster`): tests use that one and leave it running.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
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
