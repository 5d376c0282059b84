import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SeenPod } from '../../../domain/observation.ts'
import { resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { follow, type Following } from '../source/following.ts'
import { begin } from '../source/trainings.ts'
import {
  type Cluster,
  hasRealNode,
  makeNamespace,
  realNodeOf,
  removeNamespace,
  theCluster,
} from '../support/cluster.ts'
import { kill, revive } from '../support/faults.ts'
import { job, type Pod, podsOf } from '../support/jobs.ts'
import { isReady, type Node, nodePath } from '../support/simulated-nodes.ts'

/* The kubelet of the real node dies, which nobody else should be on then, and comes back. */

describe.runIf(hasRealNode())('the real node whose kubelet is dead', () => {
  let cluster: Cluster
  let namespace: string
  let following: Following
  let name: string
  beforeAll(async () => {
    cluster = theCluster()
    name = realNodeOf(cluster).name
    namespace = await makeNamespace(cluster, 'lost-kubelet')
    following = await follow(cluster, [namespace])
  })
  afterAll(() => removeNamespace(cluster, namespace))

  const untilPod = (of: string, what: string, isSo: (pod: Pod) => unknown) =>
    until(`a pod of ${of} ${what}`, async () => (await podsOf(cluster, namespace, of)).find(isSo), { seconds: 60 })

  it('is lost, and its containers run on and are known again when it is back', async () => {
    const { kubernetes } = cluster
    const image = realNodeOf(cluster).images.busybox
    // Longer than a node's loss takes here: nobody evicts it.
    const pod = { tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] }
    await kubernetes.apply(job({ namespace, name: 'stays', image, command: ['sleep', '3600'], pod }))
    const isRunning = ({ status }: Pod) => status.containerStatuses?.[0]?.state.running
    const before = await untilPod('stays', 'that runs', isRunning)
    await kill(cluster, 'kubelet')
    try {
      await kubernetes.until<Node>(nodePath(name), 'to be lost', (seen) => !isReady(seen), 90)
    } finally {
      revive(cluster, 'kubelet')
    }
    await kubernetes.until<Node>(nodePath(name), 'to be Ready again', isReady, 60)
    const after = await untilPod('stays', 'that is Ready again', ({ status }) =>
      status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
    )
    expect(after.status.containerStatuses?.[0]?.containerID).toBe(before.status.containerStatuses?.[0]?.containerID)
  })

  it('has pods that our view has, and a log that nobody waits for twice', async () => {
    await begin(cluster, following.source, { namespace, name: 'runs', script: 'echo at work; sleep 3600' })
    const running = async () => {
      const seen = (await following.view()).pods.find((one) => one.name.startsWith('runs-'))
      return seen?.containers.some((one) => !one.init && one.state === 'running') && seen
    }
    const pod: SeenPod = await until('the trainer to run', running, { seconds: 60 })
    await kill(cluster, 'kubelet')
    try {
      const unreachable = { code: 'CLUSTER_UNREACHABLE', retry: 'soon' }
      await expect(following.source.logTail(pod, 5)).rejects.toMatchObject(unreachable)
      const from = performance.now()
      await expect(following.source.logTail(pod, 5)).rejects.toMatchObject(unreachable)
      // Who waits for a log that does not come gives up after five seconds.
      expect(performance.now() - from).toBeLessThan(4000)
    } finally {
      revive(cluster, 'kubelet')
    }
    const log = `${resource('v1', 'pods', namespace, pod.name)}/log?container=trainer`
    const back = async () => (await cluster.kubernetes.request('GET', log)).status === 200
    await until('the kubelet to be back', back, { seconds: 90 })
    // Who was not there when it failed is answered at once.
    const other = await follow(cluster, [namespace])
    expect(await other.source.logTail(pod, 5)).toEqual(['at work'])
  })
})
