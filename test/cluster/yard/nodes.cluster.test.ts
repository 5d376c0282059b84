import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resource } from '../base/kubernetes.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { shellTraining } from '../support/shell-training.ts'
import {
  addNodes,
  isReady,
  loseNode,
  type Node,
  nodePath,
  onSimulatedNodes,
  removeNodes,
  restoreNode,
} from '../support/simulated-nodes.ts'
import { openYard, type RunAnswer, type Yard } from '../support/yard.ts'
import { isCancelled, isRunning, podsOfRun, shortGraces, untilTold } from '../support/yard-objects.ts'

/* What becomes of trainings when their nodes die or somebody more important comes: on nodes that are played, for real ones cannot be lost here. */

let cluster: Cluster
let yard: Yard
const nodeLostSeconds = 5

/** Each test has nodes of its own: what it does to them is nobody else's matter. */
const places = ['lost', 'cancelled', 'preempted'] as const
type PlaceName = (typeof places)[number]

const labelOf = (place: PlaceName): string => `${yard.environment}-${place}`

async function train(name: string, place: PlaceName): Promise<void> {
  const { environment } = yard
  const more = '  terminationGraceSeconds: 1\n  env: { SIMULATE_RUN_FOR: forever }\n'
  const gpus = { count: 1, type: place }
  await yard.merge({ [`${name}.yaml`]: shellTraining(cluster, { environment, name, script: 'true', more, gpus }) })
}

async function nodeOf(run: RunAnswer): Promise<string> {
  return (await podsOfRun(cluster, yard, run))[0]?.spec.nodeName ?? ''
}

describe.runIf(hasRealNode())('a training whose place is taken from it', () => {
  const nodes: string[] = []
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, {
      settings: shortGraces,
      environment: (environment) => [
        `  nodeLostSeconds: ${nodeLostSeconds}`,
        '  gpuTypes:',
        ...places.map((place) => {
          const { tolerations } = onSimulatedNodes(place)
          const nodeSelector = { 'specyard.dev/node': `${environment}-${place}` }
          return `    ${place}: ${JSON.stringify({ nodeSelector, tolerations })}`
        }),
      ],
    })
    for (const place of places) {
      const count = place === 'preempted' ? 1 : 2
      nodes.push(...(await addNodes(cluster, { prefix: labelOf(place), count, gpus: 1 })))
    }
  })
  afterAll(async () => {
    await removeNodes(cluster, nodes)
    await yard?.close()
  })

  it.concurrent(
    'by a node that dies goes on elsewhere, as another attempt that is no retry of the application',
    async () => {
      await train('on-a-dying-node', 'lost')
      const run = await yard.untilRun('on-a-dying-node', 'to train', isRunning, 90)
      const node = await nodeOf(run)
      await loseNode(cluster, node)
      const next = await yard.untilRun(
        'on-a-dying-node',
        'to train elsewhere',
        (one) => one.attempt === 2 && isRunning(one),
        150,
      )
      expect(next).toMatchObject({ retry_count: 0, disruption_count: 1 })
      expect(next.attempts[0]).toMatchObject({ state: 'FAILED', failure_class: 'NODE_LOST', disruptions: 0 })
      expect(await nodeOf(next)).not.toBe(node)
      const told = await untilTold(yard, run, 'AttemptFailed')
      expect(told[0]?.message).toContain(node)
      await restoreNode(cluster, node)
    },
  )

  it.concurrent('and that is cancelled then, is cancelled; what comes after it is not held up', async () => {
    await train('cancelled-late', 'cancelled')
    const run = await yard.untilRun('cancelled-late', 'to train', isRunning, 90)
    const node = await nodeOf(run)
    await loseNode(cluster, node)
    await cluster.kubernetes.until<Node>(nodePath(node), 'to be lost', (seen) => !isReady(seen), 90)
    await yard.ask(`/v1/jobs/${run.id}/cancel`, 'POST')
    await train('comes-after', 'cancelled')
    const first = await yard.untilRun('cancelled-late', 'to be cancelling', ({ reason }) => reason === 'CANCELLING', 30)
    expect(first.state).toBe('RUNNING')
    await yard.untilRun('comes-after', 'to train', isRunning, 150)
    expect(await yard.untilRun('cancelled-late', 'to be cancelled', isCancelled, 90)).toMatchObject({
      reason: 'REQUESTED',
    })
    await restoreNode(cluster, node)
  })

  it.concurrent('by who is more important waits, and trains again in the same attempt', async () => {
    await train('less-important', 'preempted')
    const run = await yard.untilRun('less-important', 'to train', isRunning, 90)
    const comer = await comeFirst()
    await untilTold(yard, run, 'Disrupted')
    const waiting = await yard.untilRun('less-important', 'to wait', ({ reason }) => reason === 'Unschedulable', 60)
    expect(waiting).toMatchObject({ state: 'QUEUED', attempt: 1, retry_count: 0, disruption_count: 1 })
    await comer.leave()
    const again = await yard.untilRun('less-important', 'to train again', isRunning, 90)
    expect(again).toMatchObject({ attempt: 1, disruption_count: 1 })
    expect(again.attempts[0]?.job_uid).toBe(run.attempts[0]?.job_uid)
  })
})

/** A pod of a higher priority that wants the same place. */
async function comeFirst(): Promise<{ leave(): Promise<void> }> {
  const { kubernetes } = cluster
  const name = `first-${yard.environment}`
  await kubernetes.apply({
    ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name } },
    ...{ value: 1000, globalDefault: false, description: 'Comes first' },
  })
  const resources = { limits: { 'nvidia.com/gpu': '1' } }
  await kubernetes.apply({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: yard.namespace } },
    spec: {
      ...onSimulatedNodes(labelOf('preempted')),
      priorityClassName: name,
      containers: [{ name: 'first', image: 'first', resources }],
    },
  })
  return {
    leave: async () => {
      await kubernetes.remove(resource('v1', 'pods', yard.namespace, name))
      await kubernetes.remove(resource('scheduling.k8s.io/v1', 'priorityclasses', null, name))
    },
  }
}
