import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resource } from '../base/kubernetes.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { says, saysItSucceeded, shellTraining, untilStopped } from '../support/shell-training.ts'
import { addNodes, onSimulatedNodes, removeNodes } from '../support/simulated-nodes.ts'
import { openYard, type RunAnswer, type Yard } from '../support/yard.ts'
import { podsOfRun, shortGraces, untilJobGone, untilTold } from '../support/yard-objects.ts'

/* Classes of failure that no other test of the yard brings about: who stands still, who is pushed aside for good, who is no longer wanted. */

let cluster: Cluster
let yard: Yard
const nodes: string[] = []

const hasEnded = ({ state }: RunAnswer): boolean => /SUCCEEDED|FAILED|CANCELLED/.test(state)
const isRunning = ({ state }: RunAnswer): boolean => state === 'RUNNING'

async function begin(name: string, script: string, more: object = {}): Promise<void> {
  const { environment } = yard
  await yard.merge({ [`${name}.yaml`]: shellTraining(cluster, { environment, name, script, ...more }) })
}

describe.runIf(hasRealNode())('a training that ends', () => {
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, {
      settings: shortGraces,
      environment: (environment) => [
        `  gpuTypes: { narrow: ${JSON.stringify({
          nodeSelector: { 'specyard.dev/node': `${environment}-narrow` },
          tolerations: onSimulatedNodes('narrow').tolerations,
        })} }`,
      ],
    })
    nodes.push(...(await addNodes(cluster, { prefix: `${yard.environment}-narrow`, count: 1, gpus: 1 })))
  })
  afterAll(async () => {
    await removeNodes(cluster, nodes)
    await yard?.close()
  })

  it.concurrent('because it stands still is STALLED, and its next attempt trains when it is gone', async () => {
    const steps = [1, 2, 3, 4].map((step) => says('heartbeat', { sequence: step, step }))
    const once = `if [ "$ATTEMPT" = 1 ]; then ${steps.join('; ')}; ${untilStopped}; fi; ${saysItSucceeded}`
    const more = '  stall: { factor: 2, end: true }\n  retry: { on: [STALLED], backoffSeconds: 1 }\n'
    await begin('still', once, { more: `${more}  terminationGraceSeconds: 2\n` })
    const ended = await yard.untilRun('still', 'to have ended', hasEnded, 240)
    expect(ended).toMatchObject({ state: 'SUCCEEDED', attempt: 2, retry_count: 1, disruption_count: 0 })
    expect(ended.attempts[0]).toMatchObject({ state: 'FAILED', failure_class: 'STALLED' })
    const told = await untilTold(yard, ended, 'AttemptFailed')
    expect(told[0]?.message).toContain('step 4 has stood still')
    await untilJobGone(cluster, yard, ended.attempts[0]?.job_name ?? '')
  })

  it.concurrent('because who is more important came, and may not wait for a place again, is PREEMPTED', async () => {
    const more = '  retry: { maxDisruptions: 0 }\n  terminationGraceSeconds: 1\n  env: { SIMULATE_RUN_FOR: forever }\n'
    await begin('pushed', 'true', { more, gpus: { count: 1, type: 'narrow' } })
    const run = await yard.untilRun('pushed', 'to train', isRunning, 90)
    // A kubelet takes its time to end a pod; the node that is played here takes none.
    const [victim] = await podsOfRun(cluster, yard, run)
    const path = resource('v1', 'pods', yard.namespace, victim?.metadata.name ?? '')
    const own = victim?.metadata['finalizers'] as readonly string[] | undefined
    await cluster.kubernetes.patch(path, { metadata: { finalizers: [...(own ?? []), 'specyard.dev/slow'] } })
    const leave = await comeFirst()
    try {
      const ended = await yard.untilRun('pushed', 'to fail', hasEnded, 120)
      expect(ended).toMatchObject({ state: 'FAILED', reason: 'PREEMPTED', attempt: 1, retry_count: 0 })
      expect(ended.attempts[0]).toMatchObject({ failure_class: 'PREEMPTED', job_uid: run.attempts[0]?.job_uid })
      await cluster.kubernetes.patch(path, { metadata: { finalizers: null } })
      await untilJobGone(cluster, yard, ended.attempts[0]?.job_name ?? '')
      expect(await podsOfRun(cluster, yard, run)).toEqual([])
    } finally {
      await leave()
    }
  })

  it.concurrent('because somebody asked for it is CANCELLED', async () => {
    await begin('unwanted', untilStopped)
    const run = await yard.untilRun('unwanted', 'to train', isRunning, 90)
    await yard.ask(`/v1/jobs/${run.id}/cancel`, 'POST')
    const ended = await yard.untilRun('unwanted', 'to have ended', hasEnded, 120)
    expect(ended).toMatchObject({ state: 'CANCELLED', reason: 'REQUESTED', retry_count: 0, disruption_count: 0 })
    expect(ended.attempts.map((one) => [one.state, one.failure_class])).toEqual([['CANCELLED', 'CANCELLED']])
  })
})

/** A pod of a higher priority takes the only place of that kind. @returns what takes it away */
async function comeFirst(): Promise<() => Promise<void>> {
  const { kubernetes } = cluster
  const name = `narrow-${yard.environment}`
  await kubernetes.apply({
    ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name } },
    ...{ value: 1000, globalDefault: false, description: 'Comes first' },
  })
  await kubernetes.apply({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: yard.namespace } },
    spec: {
      ...onSimulatedNodes(`${yard.environment}-narrow`),
      priorityClassName: name,
      containers: [{ name: 'first', image: 'first', resources: { limits: { 'nvidia.com/gpu': '1' } } }],
    },
  })
  return async () => {
    await kubernetes.remove(resource('v1', 'pods', yard.namespace, name))
    await kubernetes.remove(resource('scheduling.k8s.io/v1', 'priorityclasses', null, name))
  }
}
