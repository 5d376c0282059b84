import { dirname } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { run } from '../base/command.ts'
import { until } from '../base/wait.ts'
import { theCluster } from '../support/cluster.ts'
import { remains } from '../teardown.ts'
import { type ClusterCommand, startClusterCommand } from './cluster-command.ts'

let running: ClusterCommand | undefined
afterEach(() => running?.child.kill('SIGKILL'))

function start(words: readonly string[], environment: Readonly<Record<string, string>> = {}): ClusterCommand {
  running = startClusterCommand(words, environment)
  return running
}

describe('npm run cluster', () => {
  it('prints a kubeconfig that works, and on Ctrl-C takes everything away', async () => {
    const { said, ended, interrupt } = start([])
    const look = () => /export KUBECONFIG=(\S+)/.exec(said.text)?.[1]
    const kubeconfig = await until('the kubeconfig to be printed', look, { seconds: 90 })
    const words = ['--kubeconfig', kubeconfig, 'get', '--raw', '/readyz']
    expect(await run(theCluster().programs.kubectl, words)).toBe('ok')
    const folder = dirname(dirname(kubeconfig))
    expect(said.text).toContain(`export SPECYARD_CLUSTER=${folder}`)

    interrupt()
    expect(await ended, said.text).toBe(0)
    expect(remains(folder)).toEqual([])
  })

  it('says what it can do when it is asked for something else', async () => {
    const { said, ended } = start(['--stop', '--demo'])
    expect(await ended).toBe(2)
    expect(said.text).toContain('"--stop --demo" is not among what this command can do')
    expect(said.text).toContain('npm run cluster -- --detach')
  })

  it('says what to install for the demo before it starts anything', async () => {
    const { said, ended } = start(['--demo'], { PATH: '/nowhere' })
    expect(await ended).toBe(3)
    expect(said.text).toContain('the demo runs Specyard with a PostgreSQL and a Redis of its own.')
    expect(said.text).toContain('apt-get install')
    expect(said.text).not.toContain('a cluster of your own')
  })
})
