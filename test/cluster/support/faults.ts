import { type Kubernetes } from '../base/kubernetes.ts'
import { identify, signal } from '../base/process-table.ts'
import { end, readRecord, startAgain } from '../base/processes.ts'
import { until } from '../base/wait.ts'
import type { Cluster } from './cluster.ts'

/*
 * What goes wrong in a cluster, done to the bed. Who breaks something mends it in the same test: the bed is everybody's.
 */

export type Component =
  | 'etcd'
  | 'kube-apiserver'
  | 'api-gateway'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'containerd'
  | 'coredns'
  | 'kwok'
  | 'kueue'
  | 'kserve'
  | 'kuberay'
  | 'metrics-server'
  | 'argocd-application-controller'
  | 'argocd-repo-server'
  | 'argocd-redis'
  | 'git-http'

/** Kills a component at once, as a power cut would. */
export async function kill({ folder }: Cluster, component: Component): Promise<void> {
  await end(readRecord(folder, component), 'SIGKILL', 0)
}

/** Starts what was killed, with the same words: the same port, the same data. */
export function revive({ folder }: Cluster, component: Component): void {
  if (identify(readRecord(folder, component).pid) === undefined) startAgain(folder, component)
}

/** Stops a component where it stands: connections stay open and nothing answers. */
export function freeze({ folder }: Cluster, component: Component): void {
  signal(readRecord(folder, component), 'SIGSTOP')
}

export function thaw({ folder }: Cluster, component: Component): void {
  signal(readRecord(folder, component), 'SIGCONT')
}

/** Kills the API server, starts it again and waits until it is ready. */
export async function restartApiServer(cluster: Cluster): Promise<void> {
  await kill(cluster, 'kube-apiserver')
  revive(cluster, 'kube-apiserver')
  await untilReady(cluster.kubernetes)
}

export async function untilReady(kubernetes: Kubernetes): Promise<void> {
  const isReady = async () => (await kubernetes.request('GET', '/readyz')).status === 200
  await until('the API server to be ready', isReady, { seconds: 90 })
}

/**
 * Forgets all history before now, in etcd and in the API server's own cache: a watch or a list that goes on from an older resourceVersion
 * is told 410 Gone. The API server restarts for it.
 */
export async function forgetHistory(cluster: Cluster): Promise<void> {
  const revision = await compactEtcd(cluster)
  await restartApiServer(cluster)
  // The cache of a restarted API server begins now; something newer than the compaction has to be in it.
  await cluster.kubernetes.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'history', namespace: 'default' },
    data: { forgotten: revision },
  })
}

/** @returns the revision before which etcd knows nothing any more */
export async function compactEtcd({ etcd }: Cluster): Promise<string> {
  const { header } = (await ask(etcd, '/v3/kv/range', { key: Buffer.from('/').toString('base64') })) as Range
  await ask(etcd, '/v3/kv/compaction', { revision: header.revision, physical: true })
  return header.revision
}

interface Range {
  readonly header: { readonly revision: string }
}

async function ask(etcd: string, path: string, question: unknown): Promise<unknown> {
  const answer = await fetch(`${etcd}${path}`, { method: 'POST', body: JSON.stringify(question) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`etcd refused ${path}: ${answer.status} ${text}`)
  return JSON.parse(text)
}
