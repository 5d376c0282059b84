import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { forgetHistory, freeze, kill, restartApiServer, revive, thaw, untilReady } from '../support/faults.ts'
import { makeIdentity } from '../support/identities.ts'
import { follow, type Following, kubeconfigFor, untilEqual } from './following.ts'
import { train } from './trainings.ts'

/*
 * What is seen through the real API server while it, or the way to it, fails: within 30 s of the end of a fault our view is what a fresh list says,
 * and nothing in it is there twice. The Jobs wait for leases that nobody grants; no pod of theirs runs.
 */

let cluster: Cluster
let namespace: string
let proxy: TcpProxy
let kubeconfig: string
let following: Following
let made = 0
beforeEach(async () => {
  cluster = theCluster()
  namespace = await makeNamespace(cluster, 'faults')
  for (let number = 0; number < 3; number += 1) await another()
  proxy = await openTcpProxy(cluster.apiServer)
  // With the rules that it has in a real place: an administrator is let in even while the API server still reads its Roles.
  const identity = await makeIdentity(cluster, namespace, 'specyard', projectRules)
  kubeconfig = kubeconfigFor(cluster, identity.kubeconfig, proxy.url.replace(/\/$/, ''), `${namespace}.proxy`)
  following = await follow(cluster, [namespace], { kubeconfig, argocd: false })
  await untilEqual(cluster, following, namespace)
})
afterEach(async () => {
  await following.close()
  await proxy.close()
  await removeNamespace(cluster, namespace)
})

async function another(): Promise<string> {
  made += 1
  const { metadata } = await train(cluster, { namespace, name: `training-${made}` })
  return metadata.name
}

/** One Job comes, one goes, one changes: each must be seen, whatever happened meanwhile. */
async function changeEverything(): Promise<void> {
  const { kubernetes } = cluster
  const jobs = resource('batch/v1', 'jobs', namespace)
  const [first, second] = await kubernetes.list<{ metadata: { name: string } }>(jobs)
  await another()
  await kubernetes.remove(`${jobs}/${first?.metadata.name}`)
  await kubernetes.patch(`${jobs}/${second?.metadata.name}`, { spec: { suspend: true } })
}

async function untilMended(): Promise<void> {
  const view = await untilEqual(cluster, following, namespace)
  for (const values of [view.jobs, view.pods]) expect(new Set(values.map((one) => one.uid)).size).toBe(values.length)
  expect(view.jobs.some((one) => one.suspended)).toBe(true)
}

const listsOf = (kind: string) => following.staleness().find((one) => one.name.startsWith(`${kind} `))?.lists ?? 0
const failures = () => following.staleness().reduce((sum, one) => sum + one.failures, 0)

describe('our view equals a fresh list', () => {
  it('after changes, without another list', async () => {
    await changeEverything()
    await untilMended()
    expect(listsOf('jobs')).toBe(1)
  })

  it('after the API server was killed and started again', async () => {
    await restartApiServer(cluster)
    await changeEverything()
    await untilMended()
    expect(failures()).toBeGreaterThan(0)
  })

  it('after the API server was away, and the view with it', async () => {
    await kill(cluster, 'kube-apiserver')
    try {
      const refused = () =>
        following.view().then(
          () => false,
          (error: { code?: string }) => error.code === 'CLUSTER_UNREACHABLE',
        )
      // The leases that are waited for cannot be read; what cannot be confirmed is not acted upon.
      await until('the view to be refused', refused, { seconds: 30 })
    } finally {
      revive(cluster, 'kube-apiserver')
      await untilReady(cluster.kubernetes)
    }
    await changeEverything()
    await untilMended()
    const followed = () => following.logged.at(-1)?.includes('is followed again')
    await until('it to be said', followed, { seconds: 30 })
    expect(following.logged.filter((one) => one.startsWith('warn:'))).toHaveLength(1)
  })

  it('after the history was compacted while it could not look: it is told 410 and lists again', async () => {
    await proxy.cut()
    await changeEverything()
    await forgetHistory(cluster)
    await proxy.restore()
    await untilMended()
    expect(listsOf('jobs')).toBeGreaterThan(1)
  })

  it('after the connection was cut, again and again', async () => {
    for (let round = 0; round < 5; round += 1) {
      await proxy.cut()
      await changeEverything()
      await proxy.restore()
      await untilMended()
    }
  })

  it('after two dozen faults of the connection at random', async () => {
    // Sixteen seconds of silence each would take too long: here it is two.
    const times = { watchSeconds: 1, silenceMilliseconds: 2000 }
    await following.close()
    following = await follow(cluster, [namespace], { kubeconfig, argocd: false, times })
    const fault = fc.record({
      kind: fc.constantFrom('cut', 'hold'),
      changes: fc.constantFrom('before it', 'during it'),
    })
    for (const { kind, changes } of fc.sample(fault, { numRuns: 24, seed: 1 })) {
      if (changes === 'before it') await changeEverything()
      if (kind === 'cut') await proxy.cut()
      else proxy.hold()
      if (changes === 'during it') await changeEverything()
      if (kind === 'cut') await proxy.restore()
      await untilMended()
    }
  })

  it('after the connection stood half open and told nothing', async () => {
    proxy.hold()
    await changeEverything()
    await untilMended()
    expect(failures()).toBeGreaterThan(0)
  })

  it('after the API server stood still and went on', async () => {
    freeze(cluster, 'kube-apiserver')
    try {
      await until('the silence to be noticed', () => failures() > 0, { seconds: 30 })
    } finally {
      thaw(cluster, 'kube-apiserver')
    }
    await untilReady(cluster.kubernetes)
    await changeEverything()
    await untilMended()
  })

  it('after etcd was killed and started again under it', async () => {
    await kill(cluster, 'etcd')
    revive(cluster, 'etcd')
    await untilReady(cluster.kubernetes)
    await changeEverything()
    await untilMended()
  })
})
