import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepts, freePort } from '../base/ports.ts'
import { startProgram, untilUp } from '../base/processes.ts'
import { nodeGraceSeconds } from './control-plane.ts'
import { kubeconfigOf, selfSigned } from './credentials.ts'

/*
 * kwok plays nodes and what happens on them: GPUs that this machine has not, thousands of pods, preemption, nodes that die.
 * It plays only nodes with its annotation; how a pod there runs and ends stands in config/kwok-pods.yaml.
 */

export const simulatedNodeAnnotation = { 'kwok.x-k8s.io/node': 'fake' } as const

/** @param core the folder of the built tools */
export async function startKwok(bed: string, core: string): Promise<void> {
  const folder = join(bed, 'kwok')
  mkdirSync(folder)
  const stages = [
    join(core, 'share', 'kwok-node', 'fast', 'node-initialize.yaml'),
    join(core, 'share', 'kwok-node', 'heartbeat-with-lease', 'node-heartbeat-with-lease.yaml'),
    join(import.meta.dirname, '..', 'config', 'kwok-pods.yaml'),
  ]
  const config = join(folder, 'stages.yaml')
  writeFileSync(config, stages.map((path) => readFileSync(path, 'utf8')).join('\n---\n'))
  const { certificate, key } = await selfSigned(folder, 'kwok')
  const port = await freePort()
  const [[annotation, value] = []] = Object.entries(simulatedNodeAnnotation)
  const record = startProgram(bed, {
    name: 'kwok',
    command: join(core, 'bin', 'kwok'),
    arguments: [
      `--kubeconfig=${kubeconfigOf(bed, 'kwok')}`,
      '--manage-all-nodes=false',
      `--manage-nodes-with-annotation-selector=${annotation}=${value}`,
      `--config=${config}`,
      '--node-ip=127.0.0.1',
      `--node-port=${port}`,
      `--server-address=127.0.0.1:${port}`,
      `--tls-cert-file=${certificate}`,
      `--tls-private-key-file=${key}`,
      '--cidr=10.250.0.0/16',
      `--node-lease-duration-seconds=${nodeGraceSeconds}`,
    ],
  })
  await untilUp(record, () => accepts(port), { seconds: 30 })
}
