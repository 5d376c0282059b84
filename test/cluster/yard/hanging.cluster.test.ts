import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { jobPath } from '../support/jobs.ts'
import { saysItSucceeded, shellTraining } from '../support/shell-training.ts'
import { addNodes, loseNode, onSimulatedNodes, removeNodes, restoreNode } from '../support/simulated-nodes.ts'
import { type EventAnswer, openYard, type RunAnswer, type Yard } from '../support/yard.ts'
import { newestJobName, podsOfRun, untilJobGone, untilTold } from '../support/yard-objects.ts'

/* Jobs that Argo CD has told to go and that do not: it is told what they wait for, once, and nothing of ours waits for them for ever. */

let cluster: Cluster
let yard: Yard
const nodes: string[] = []
const hold = 'example.com/hold'

const isRunning = ({ state }: RunAnswer): boolean => state === 'RUNNING'
const hasEnded = ({ state }: RunAnswer): boolean => /SUCCEEDED|FAILED|CANCELLED/.test(state)

async function begin(name: string, script: string, more: object = {}): Promise<void> {
  const { environment } = yard
  await yard.merge({ [`${name}.yaml`]: shellTraining(cluster, { environment, name, script, ...more }) })
}

/** Holds the Job of a run, as somebody's controller would. @returns what lets go of it */
async function holdJob(run: RunAnswer): Promise<() => Promise<void>> {
  const path = jobPath(yard.namespace, newestJobName(run))
  await cluster.kubernetes.patch(path, { metadata: { finalizers: [hold] } })
  return async () => {
    if ((await cluster.kubernetes.get(path)) !== undefined)
      await cluster.kubernetes.patch(path, { metadata: { finalizers: null } })
  }
}

async function toldOf(run: RunAnswer): Promise<readonly EventAnswer[]> {
  return (await yard.eventsOf(run)).filter(({ reason }) => reason === 'PruneHangs')
}

/** Waits until the record says nothing of it any more. */
function untilForgotten(name: string): Promise<RunAnswer> {
  return yard.untilRun(name, 'to hang no longer', ({ hanging }) => hanging.length === 0, 90)
}

describe.runIf(hasRealNode())('a Job that does not go', () => {
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, {
      settings: [`reconcile: { cron: '* * * * * *', graceSeconds: { end: 3, lost: 10, prune: 5 } }`],
      environment: (environment) => [
        '  nodeLostSeconds: 5',
        `  gpuTypes: { dying: ${JSON.stringify({
          nodeSelector: { 'specyard.dev/node': `${environment}-dying` },
          tolerations: onSimulatedNodes('dying').tolerations,
        })} }`,
      ],
    })
    nodes.push(...(await addNodes(cluster, { prefix: `${yard.environment}-dying`, count: 1, gpus: 1 })))
  })
  afterAll(async () => {
    await removeNodes(cluster, nodes)
    await yard?.close()
  })

  it.concurrent('because of a finalizer is told once, by events, status and trace, until it is gone', async () => {
    const more = '  ttlSecondsAfterFinished: 1\n'
    await begin('held', `sleep 8; ${saysItSucceeded}`, { more })
    const run = await yard.untilRun('held', 'to train', isRunning, 90)
    const letGo = await holdJob(run)
    try {
      const told = await untilTold(yard, run, 'PruneHangs', 120)
      expect(told[0]?.message).toContain(`finalizer ${hold} is on it`)
      const ended = await yard.untilRun('held', 'to hang', ({ hanging }) => hanging.length > 0)
      expect(ended).toMatchObject({ state: 'SUCCEEDED', hanging: [{ attempt: 1, message: told[0]?.message }] })
      for (const args of [['status'], ['trace', run.id]]) {
        const { stdout, stderr } = await yard.command(...args)
        expect(stdout, stderr).toContain(`finalizer ${hold} is on it`)
      }
      // What the same Application brings next is made and trains meanwhile.
      await begin('comes-next', saysItSucceeded)
      await yard.untilRun('comes-next', 'to succeed', ({ state }) => state === 'SUCCEEDED', 240)
      expect(await toldOf(run)).toHaveLength(1)
    } finally {
      await letGo()
    }
    await untilJobGone(cluster, yard, newestJobName(run))
    await untilForgotten('held')
    await yard.untilRun('held', 'to be retired', ({ attempts }) => attempts[0]?.retired_at, 60)
    expect(await toldOf(run)).toHaveLength(1)
  })

  it.concurrent('because of a finalizer holds up a cancellation for the documented time only', async () => {
    await begin('unwanted', `trap 'exit 143' TERM; sleep 3600 & wait $!`)
    const run = await yard.untilRun('unwanted', 'to train', isRunning, 90)
    const letGo = await holdJob(run)
    try {
      await yard.ask(`/v1/jobs/${run.id}/cancel`, 'POST')
      const ended = await yard.untilRun('unwanted', 'to be cancelled', hasEnded, 120)
      expect(ended).toMatchObject({ state: 'CANCELLED', reason: 'REQUESTED' })
      expect(await podsOfRun(cluster, yard, run)).toEqual([])
      expect(await cluster.kubernetes.get(jobPath(yard.namespace, newestJobName(run)))).toBeDefined()
      expect(await toldOf(run)).toHaveLength(1)
    } finally {
      await letGo()
    }
    await untilForgotten('unwanted')
  })

  it.concurrent('because its node is dead is told with pod and node, until the node is back', async () => {
    const more = '  terminationGraceSeconds: 1\n  env: { SIMULATE_RUN_FOR: forever }\n'
    await begin('on-a-dead-node', 'true', { more, gpus: { count: 1, type: 'dying' } })
    const run = await yard.untilRun('on-a-dead-node', 'to train', isRunning, 90)
    const [pod] = await podsOfRun(cluster, yard, run)
    const node = pod?.spec.nodeName ?? ''
    await loseNode(cluster, node)
    await yard.ask(`/v1/jobs/${run.id}/cancel`, 'POST')
    const told = await untilTold(yard, run, 'PruneHangs', 180)
    expect(told[0]?.message).toContain(`pod ${pod?.metadata.name} is still on node ${node}`)
    await yard.untilRun('on-a-dead-node', 'to be cancelled', ({ state }) => state === 'CANCELLED', 90)
    await restoreNode(cluster, node)
    await untilJobGone(cluster, yard, newestJobName(run))
    await untilForgotten('on-a-dead-node')
    const gone = async (): Promise<boolean> => (await podsOfRun(cluster, yard, run)).length === 0
    await until('the pod to be gone', gone, { seconds: 60 })
    expect(await toldOf(run)).toHaveLength(1)
  })
})
