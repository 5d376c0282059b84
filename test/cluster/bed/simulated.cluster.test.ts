import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Kubernetes } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Cluster, makeNamespace, theCluster } from '../support/cluster.ts'
import { endOf, type Job, job, jobPath, type JobOptions, type Pod, podsOf } from '../support/jobs.ts'
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

const prefix = 'played'
let cluster: Cluster
let kubernetes: Kubernetes
let namespace: string
let nodes: readonly string[] = []
beforeAll(async () => {
  cluster = theCluster()
  kubernetes = cluster.kubernetes
  namespace = await makeNamespace(cluster, 'simulated')
  nodes = await addNodes(cluster, { prefix, count: 2, gpus: 8 })
})
afterAll(() => removeNodes(cluster, nodes))

type Wishes = Partial<Pick<JobOptions, 'variables' | 'job' | 'labels'>> & { readonly gpus?: number }

async function start(name: string, { gpus = 0, variables = {}, ...options }: Wishes = {}): Promise<void> {
  const resources = gpus > 0 ? { limits: { 'nvidia.com/gpu': String(gpus) } } : {}
  const env = Object.entries(variables).map(([variable, value]) => ({ name: variable, value }))
  const containers = [{ name: 'trainer', image: 'simulated', resources, env }]
  const pod = { ...onSimulatedNodes(prefix), containers }
  await kubernetes.apply(job({ namespace, name, image: '', command: [], pod, ...options }))
}

const untilEnded = (name: string) => kubernetes.until<Job>(jobPath(namespace, name), 'to end', endOf, 60)

const untilPod = (name: string, what: string, isSo: Parameters<Awaited<ReturnType<typeof podsOf>>['find']>[0]) =>
  until(`a pod of ${name} ${what}`, async () => (await podsOf(cluster, namespace, name)).find(isSo), { seconds: 60 })

describe('a node that kwok plays', () => {
  it('runs a Job that wants its GPUs to its end', async () => {
    await start('well', { gpus: 8, variables: { SIMULATE_RUN_FOR: '500ms' } })
    expect(endOf(await untilEnded('well'))).toMatchObject({ type: 'Complete' })
  })

  it('ends a container as the variables of its spec say', async () => {
    const variables = { SIMULATE_EXIT_CODE: '137', SIMULATE_REASON: 'OOMKilled', SIMULATE_MESSAGE: 'too much' }
    await start('fails', { variables })
    expect(endOf(await untilEnded('fails'))).toMatchObject({ type: 'Failed', reason: 'BackoffLimitExceeded' })
    const [pod] = await podsOf(cluster, namespace, 'fails')
    expect(pod?.status.containerStatuses?.[0]?.state.terminated).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
      message: 'too much',
    })
  })

  it('fails only the index that is meant', async () => {
    const indexed = {
      completionMode: 'Indexed',
      completions: 4,
      parallelism: 4,
      backoffLimitPerIndex: 0,
      backoffLimit: 4,
    }
    await start('index', { job: indexed, variables: { SIMULATE_EXIT_CODE: '3', SIMULATE_EXIT_INDEX: '2' } })
    expect(await untilEnded('index')).toMatchObject({ status: { failedIndexes: '2', completedIndexes: '0,1,3' } })
  })

  it('leaves a pod waiting for its image', async () => {
    await start('image', { variables: { SIMULATE_WAITING: 'ImagePullBackOff' } })
    await untilPod(
      'image',
      'that waits',
      ({ status }) => status.containerStatuses?.[0]?.state.waiting?.reason === 'ImagePullBackOff',
    )
    await kubernetes.remove(jobPath(namespace, 'image'))
  })

  it('evicts a pod, and the Job replaces it without counting a failure', async () => {
    await start('evicted', { variables: { SIMULATE_EVICT_AFTER: '500ms' } })
    await untilPod('evicted', 'that was evicted', ({ status }) => status.reason === 'Evicted')
    await until('a second pod', async () => (await podsOf(cluster, namespace, 'evicted')).length > 1, { seconds: 60 })
    const seen = await kubernetes.get<Job>(jobPath(namespace, 'evicted'))
    expect(seen?.status?.failed).toBeUndefined()
    await kubernetes.remove(jobPath(namespace, 'evicted'))
  })

  it('has no place for a Job that wants more GPUs than there are', async () => {
    await start('too-big', { gpus: 16 })
    const { status } = await untilPod('too-big', 'that cannot be scheduled', (pod) => pod.status.conditions?.length)
    expect(status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'PodScheduled',
        reason: 'Unschedulable',
        message: expect.stringContaining('nvidia.com/gpu'),
      }),
    )
    await kubernetes.remove(jobPath(namespace, 'too-big'))
  })

  it('is lost when it is not heard of, its pods are taken away, and it comes back', async () => {
    await start('lost', { variables: { SIMULATE_RUN_FOR: 'forever' } })
    const { spec } = await untilPod('lost', 'that runs', ({ status }) => status.phase === 'Running')
    const node = spec.nodeName ?? ''
    await loseNode(cluster, node)
    await kubernetes.until<Node>(nodePath(node), 'to be lost', (seen) => !isReady(seen), 90)
    const isLeaving = (pod: Pod) => pod.spec.nodeName === node && pod.metadata['deletionTimestamp']
    await untilPod('lost', 'that is taken away', isLeaving)
    const others = nodes.filter((name) => name !== node)
    for (const name of others) expect(isReady((await kubernetes.get<Node>(nodePath(name))) ?? {})).toBe(true)
    await restoreNode(cluster, node)
    await kubernetes.remove(jobPath(namespace, 'lost'))
  })
})
