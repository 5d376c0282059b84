import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { bedVariable } from '../base/process-table.ts'
import { runTypescript } from '../base/typescript.ts'
import { theCluster } from '../support/cluster.ts'

export interface ClusterCommand {
  readonly child: ChildProcess
  /** What it has said so far, both streams. */
  readonly said: { text: string }
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
  /** Ctrl-C of a terminal: every process of the group hears it. */
  interrupt(): void
}

/**
 * Runs `npm run cluster` as the leader of a group of its own, as a terminal's shell would. It is ended with the bed of this run where nobody else is
 * left to do it, and its own bed is taken away then.
 * @param environment variables beside this process's own
 */
export function startClusterCommand(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ClusterCommand {
  const path = join(import.meta.dirname, '..', 'main.ts')
  const child = spawn(process.execPath, runTypescript(path, words), {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, [bedVariable]: theCluster().folder, ...environment },
  })
  const said = { text: '' }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said.text += chunk.toString()))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  return { child, said, ended, interrupt: () => void process.kill(-(child.pid ?? 0), 'SIGINT') }
}
