import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { run } from '../base/command.ts'
import { runTypescript } from '../base/typescript.ts'
import { until } from '../base/wait.ts'
import { theCluster } from '../support/cluster.ts'
import { remains } from '../teardown.ts'

let running: ChildProcess | undefined
afterEach(() => running?.kill('SIGKILL'))

/** Runs `npm run cluster` as the leader of a group of its own, as a terminal's shell would. */
function start(words: readonly string[]) {
  const path = join(import.meta.dirname, '..', 'main.ts')
  const child = spawn(process.execPath, runTypescript(path, words), {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running = child
  const said = { text: '' }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said.text += chunk.toString()))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  return { child, said, ended }
}

describe('npm run cluster', () => {
  it('prints a kubeconfig that works, and on Ctrl-C takes everything away', async () => {
    const { child, said, ended } = start([])
    const look = () => /export KUBECONFIG=(\S+)/.exec(said.text)?.[1]
    const kubeconfig = await until('the kubeconfig to be printed', look, { seconds: 90 })
    const words = ['--kubeconfig', kubeconfig, 'get', '--raw', '/readyz']
    expect(await run(theCluster().programs.kubectl, words)).toBe('ok')
    const folder = dirname(dirname(kubeconfig))
    expect(said.text).toContain(`export SPECYARD_CLUSTER=${folder}`)

    process.kill(-(child.pid ?? 0), 'SIGINT')
    expect(await ended, said.text).toBe(0)
    expect(remains(folder)).toEqual([])
  })

  it('says what it can do when it is asked for something else', async () => {
    const { said, ended } = start(['--demo'])
    expect(await ended).toBe(2)
    expect(said.text).toContain('"--demo" is not among what this command can do')
    expect(said.text).toContain('npm run cluster -- --detach')
  })
})
