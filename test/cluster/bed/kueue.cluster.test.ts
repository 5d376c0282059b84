import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Kubernetes } from '../base/kubernetes.ts'
import { type Cluster, makeNamespace, theCluster } from '../support/cluster.ts'
import { endOf, type Job, job, jobPath } from '../support/jobs.ts'
import { createQueue } from '../support/queues.ts'
import { addNodes, onSimulatedNodes, removeNodes } from '../support/simulated-nodes.ts'

const prefix = 'queued'
let cluster: Cluster
let kubernetes: Kubernetes
let namespace: string
let nodes: readonly string[] = []
beforeAll(async () => {
  cluster = theCluster()
  kubernetes = cluster.kubernetes
  namespace = await makeNamespace(cluster, 'kueue')
  nodes = await addNodes(cluster, { prefix, count: 1, gpus: 8 })
  await createQueue(cluster, { namespace, name: 'gpu', gpus: 8, flavor: onSimulatedNodes(prefix) })
})
afterAll(() => removeNodes(cluster, nodes))

/** A Job of eight GPUs: two of them do not fit. */
async function start(name: string, runFor: string): Promise<void> {
  const env = [{ name: 'SIMULATE_RUN_FOR', value: runFor }]
  const resources = { limits: { 'nvidia.com/gpu': '8' }, requests: { cpu: '1', memory: '1Gi' } }
  const pod = { containers: [{ name: 'trainer', image: 'simulated', env, resources }], nodeSelector: {} }
  const labels = { 'kueue.x-k8s.io/queue-name': 'gpu' }
  await kubernetes.apply(job({ namespace, name, image: '', command: [], pod, labels }))
}

const isSuspended = (seen: Job) => (seen['spec'] as { suspend?: boolean }).suspend === true

describe('Kueue', () => {
  it('admits a Job, keeps a second one back, and admits it when the quota is free again', async () => {
    await start('first', '6s')
    const first = await kubernetes.until<Job>(
      jobPath(namespace, 'first'),
      'to be admitted',
      (seen) => !isSuspended(seen),
    )
    await start('second', '500ms')
    const second = await kubernetes.get<Job>(jobPath(namespace, 'second'))
    expect(endOf(first)).toBeUndefined()
    expect(second && isSuspended(second)).toBe(true)
    const ended = await kubernetes.until<Job>(jobPath(namespace, 'second'), 'to end', endOf, 60)
    expect(endOf(ended)).toMatchObject({ type: 'Complete' })
  })
})
