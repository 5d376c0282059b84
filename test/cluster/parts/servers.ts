import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Network } from '../base/network.ts'
import { accepts, freePort } from '../base/ports.ts'
import { type Program, startProgram, untilUp } from '../base/processes.ts'
import { runTypescript } from '../base/typescript.ts'

/*
 * Our own small servers. They are TypeScript, so node runs them through tsx, as it runs the tests.
 */

const programs = join(import.meta.dirname, '..', 'programs')

export interface GitServer {
  /** http://127.0.0.1:port; a repository in the folder is <url>/<name>.git */
  readonly url: string
  /** The same server as pods reach it; null without bridge. */
  readonly urlForPods: string | null
  /** Folder of the bare repositories. */
  readonly folder: string
}

export async function startGitServer(bed: string, network: Network | undefined): Promise<GitServer> {
  const folder = join(bed, 'repositories')
  mkdirSync(folder)
  const port = await freePort()
  const addresses = ['127.0.0.1', ...(network ? [network.host] : [])]
  const record = startProgram(bed, {
    ...script('git-http', [folder, String(port), ...addresses]),
    environment: { GIT_CONFIG_NOSYSTEM: '1' },
  })
  await untilUp(record, () => accepts(port), { seconds: 30 })
  const urlForPods = network ? `http://${network.host}:${port}` : null
  return { url: `http://127.0.0.1:${port}`, urlForPods, folder }
}

/** A program of the folder `programs`. */
export function script(name: string, words: readonly string[]): Program {
  return { name, command: process.execPath, arguments: runTypescript(join(programs, `${name}.ts`), words) }
}
