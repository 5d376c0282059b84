import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Kubernetes, type KubernetesObject } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { applicationPath } from '../support/applications.ts'
import { containerStarts, readAudit } from '../support/audit.ts'
import { type Cluster, hasRealNode, realNodeOf, theCluster } from '../support/cluster.ts'
import { endOf, grantLease, type Job, job, jobPath, podsOf } from '../support/jobs.ts'
import { makeProject } from '../support/projects.ts'
import { addNodes, onSimulatedNodes, removeNodes } from '../support/simulated-nodes.ts'

const prefix = 'synced'
let cluster: Cluster
let kubernetes: Kubernetes
let nodes: readonly string[] = []
beforeAll(async () => {
  cluster = theCluster()
  kubernetes = cluster.kubernetes
  nodes = await addNodes(cluster, { prefix, count: 1 })
})
afterAll(() => removeNodes(cluster, nodes))

function simulated(namespace: string, name: string, runFor: string): KubernetesObject {
  const env = [{ name: 'SIMULATE_RUN_FOR', value: runFor }]
  const pod = { ...onSimulatedNodes(prefix), containers: [{ name: 'trainer', image: 'simulated', env }] }
  return job({ namespace, name, image: '', command: [], pod })
}

describe('Argo CD', () => {
  it('applies what was pushed over HTTP when it is asked to refresh, and says which commit', async () => {
    const { name, publish } = await makeProject(cluster, 'syncs')
    const { commit, application } = await publish({ 'one.yaml': simulated(name, 'one', '500ms') })
    await kubernetes.until<Job>(jobPath(name, 'one'), 'to end', endOf, 60)
    expect(application.status?.operationState?.syncResult?.revision).toBe(commit)
  })

  it('takes the last Job of a folder with a placeholder away', async () => {
    const { name, publish } = await makeProject(cluster, 'last')
    await publish({ 'last.yaml': simulated(name, 'last', 'forever') })
    await kubernetes.until<Job>(jobPath(name, 'last'), 'to run', ({ status }) => status?.active === 1)
    await publish({ 'last.yaml': null })
    const isGone = async () => (await kubernetes.get(jobPath(name, 'last'))) === undefined
    await until('the Job to be gone', isGone, { seconds: 30 })
    const application = await kubernetes.get(applicationPath(name))
    expect(application).toMatchObject({ status: { sync: { status: 'Synced' }, health: { status: 'Healthy' } } })
  })
})

describe.runIf(hasRealNode())('Argo CD with a real node', () => {
  it('creates a deleted Job again, and that ghost is stopped by the lease and never trains', async () => {
    const { name, publish } = await makeProject(cluster, 'ghost')
    const { busybox } = realNodeOf(cluster).images
    const lease = { secret: 'lease-of-haunted', image: 'busybox:1.37.0' }
    const path = jobPath(name, 'haunted')
    const command = ['sleep', '3600']
    await publish({ 'haunted.yaml': job({ namespace: name, name: 'haunted', image: busybox, command, lease }) })
    const first = await kubernetes.until<Job>(path, 'to be there', () => true)
    await grantLease(cluster, first, lease.secret)
    await until(
      'the trainer to start',
      async () => (await podsOf(cluster, name, 'haunted')).some(({ status }) => status.phase === 'Running'),
      { seconds: 60 },
    )

    await kubernetes.remove(path, 'Orphan')
    const ghost = await kubernetes.until<Job>(
      path,
      'to be created again and stopped',
      (seen) => seen.metadata.uid !== first.metadata.uid && endOf(seen),
      60,
    )
    expect(endOf(ghost)).toMatchObject({ type: 'Failed', reason: 'PodFailurePolicy' })
    const starts = containerStarts(readAudit(cluster), 'trainer').filter(({ namespace }) => namespace === name)
    expect(starts.map(({ jobUid }) => jobUid)).toEqual([first.metadata.uid])
  })
})
