import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SeenJob } from '../../../domain/observation.ts'
import { whySuspended } from '../../../reconciler/decide/queue.ts'
import { resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { createQueue } from '../support/queues.ts'
import { addNodes, onSimulatedNodes, removeNodes } from '../support/simulated-nodes.ts'
import { follow, type Following } from './following.ts'
import { train } from './trainings.ts'

const prefix = 'source-queue'
let cluster: Cluster
let namespace: string
let following: Following
let nodes: readonly string[] = []
beforeAll(async () => {
  cluster = theCluster()
  namespace = await makeNamespace(cluster, 'queues')
  nodes = await addNodes(cluster, { prefix, count: 1, gpus: 8 })
  const preemption = { withinClusterQueue: 'LowerPriority' }
  await createQueue(cluster, { namespace, name: 'gpu', gpus: 8, flavor: onSimulatedNodes(prefix), preemption })
  for (const [name, value] of [
    ['low', 1],
    ['high', 1000],
  ] as const) {
    const apiVersion = 'kueue.x-k8s.io/v1beta1'
    await cluster.kubernetes.apply({ apiVersion, kind: 'WorkloadPriorityClass', metadata: { name }, value })
  }
  following = await follow(cluster, [namespace])
})
afterAll(async () => {
  await removeNamespace(cluster, namespace)
  await removeNodes(cluster, nodes)
})

const untilJob = (name: string, what: string, isSo: (job: SeenJob) => unknown) => {
  let last: SeenJob | undefined
  const look = async () => {
    last = (await following.view()).jobs.find((one) => one.name.startsWith(`${name}-`))
    return last && isSo(last) ? last : undefined
  }
  return until(`${name} ${what}`, look, { seconds: 60 }).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}; last ${JSON.stringify(last)}`, { cause: error })
  })
}

/** A Job of all eight GPUs. */
async function start(name: string, priority: string, runFor = 'forever'): Promise<void> {
  const variables = [{ name: 'SIMULATE_RUN_FOR', value: runFor }]
  const labels = { 'kueue.x-k8s.io/priority-class': priority }
  await train(cluster, { namespace, name, queue: 'gpu', gpus: 8, variables }, 1, labels)
}

describe('a training behind a queue of Kueue', () => {
  it('is QUEUED with Kueue’s own reason, admitted when quota is free, and QUEUED as Preempted', async () => {
    await start('first', 'low')
    const admitted = await untilJob('first', 'to be admitted', (job) => !job.suspended && job.workload)
    expect(admitted.workload?.conditions).toContainEqual(expect.objectContaining({ type: 'Admitted', status: 'True' }))

    await start('second', 'low')
    const isPending = ({ suspended, workload }: SeenJob) =>
      suspended && workload?.conditions.some((one) => one.type === 'QuotaReserved' && one.status === 'False')
    const pending = await untilJob('second', 'to wait for quota', isPending)
    expect(whySuspended(pending)).toEqual({
      reason: 'Pending',
      message: expect.stringContaining('insufficient unused quota for nvidia.com/gpu') as string,
    })

    // Which of two that wait is next is the queue's own matter.
    await cluster.kubernetes.remove(resource('batch/v1', 'jobs', namespace, pending.name))
    await start('third', 'high', '5s')
    await untilJob('third', 'to be admitted', (job) => !job.suspended)
    const preempted = await untilJob('first', 'to be preempted', (job) => job.suspended)
    expect(whySuspended(preempted)).toEqual({
      reason: 'Preempted',
      message: expect.stringContaining('Preempted to accommodate a workload') as string,
    })
    expect(following.keys).toContain(JSON.stringify({ runId: preempted.runId }))

    await untilJob('third', 'to complete', (job) => job.succeeded === 1)
    await untilJob('first', 'to be admitted again', (job) => !job.suspended)
  })

  it('that no queue takes up says that it is suspended', async () => {
    await train(cluster, { namespace, name: 'stray', queue: 'nowhere', gpus: 8 })
    const stray = await untilJob('stray', 'to be suspended', (job) => job.suspended)
    expect(whySuspended(stray).message).not.toBe('')
  })
})
