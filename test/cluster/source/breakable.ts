import { expect } from 'vitest'
import { projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import type { MirrorTimes } from '../../../reconciler/sources/kubernetes/watch/mirror.ts'
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { resource } from '../base/kubernetes.ts'
import { type Cluster, makeNamespace, removeNamespace } from '../support/cluster.ts'
import { makeIdentity } from '../support/identities.ts'
import { follow, type Following, kubeconfigFor, untilEqual } from './following.ts'
import { train } from './trainings.ts'

/** A namespace with Jobs, and our view of it over a way that can be broken. The Jobs wait for leases that nobody grants; no trainer of theirs runs. */
export interface Breakable {
  readonly proxy: TcpProxy
  readonly following: Following
  /** One Job comes, one goes, one changes: each must be seen, whatever happened meanwhile. */
  changeEverything(): Promise<void>
  /** Within 30 s of the end of a fault our view is what a fresh list says, and nothing in it is there twice. */
  untilMended(): Promise<void>
  /** How often a kind was listed. */
  listsOf(kind: string): number
  failures(): number
  close(): Promise<void>
}

let made = 0

/** @param times others than the usual ones */
export async function openBreakable(cluster: Cluster, times: Partial<MirrorTimes> = {}): Promise<Breakable> {
  const { kubernetes } = cluster
  const namespace = await makeNamespace(cluster, 'faults')
  const another = async (): Promise<void> => {
    made += 1
    await train(cluster, { namespace, name: `training-${made}` })
  }
  for (let number = 0; number < 3; number += 1) await another()
  const proxy = await openTcpProxy(cluster.apiServer)
  // With the rules that it has in a real place: an administrator is let in even while the API server still reads its Roles.
  const identity = await makeIdentity(cluster, namespace, 'specyard', projectRules)
  const server = proxy.url.replace(/\/$/, '')
  const kubeconfig = kubeconfigFor(cluster, identity.kubeconfig, server, `${namespace}.proxy`)
  const following = await follow(cluster, [namespace], { kubeconfig, argocd: false, times })
  await untilEqual(cluster, following, namespace)
  return {
    proxy,
    following,
    changeEverything: async () => {
      const jobs = resource('batch/v1', 'jobs', namespace)
      const [first, second] = await kubernetes.list<{ metadata: { name: string } }>(jobs)
      await another()
      await kubernetes.remove(`${jobs}/${first?.metadata.name}`)
      await kubernetes.patch(`${jobs}/${second?.metadata.name}`, { spec: { suspend: true } })
    },
    untilMended: async () => {
      const view = await untilEqual(cluster, following, namespace)
      for (const values of [view.jobs, view.pods])
        expect(new Set(values.map((one) => one.uid)).size).toBe(values.length)
      expect(view.jobs.some((one) => one.suspended)).toBe(true)
    },
    listsOf: (kind) => following.staleness().find((one) => one.name.startsWith(`${kind} `))?.lists ?? 0,
    failures: () => following.staleness().reduce((sum, one) => sum + one.failures, 0),
    close: async () => {
      await following.close()
      await proxy.close()
      await removeNamespace(cluster, namespace)
    },
  }
}
