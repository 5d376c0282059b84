import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterView } from '../../../domain/observation.ts'
import { type ConnectedKubernetes, connectKubernetes } from '../../../reconciler/sources/kubernetes/connect.ts'
import { seenJob } from '../../../reconciler/sources/kubernetes/projection/job.ts'
import { seenPod } from '../../../reconciler/sources/kubernetes/projection/pod.ts'
import { type KubernetesObject, resource } from '../../cluster/base/kubernetes.ts'
import type { Cluster } from '../../cluster/support/cluster.ts'
import type { Identity } from '../../cluster/support/identities.ts'

/** Two seconds of silence instead of sixteen, or five hundred faults would take hours. */
export const quickTimes = { watchSeconds: 1, silenceMilliseconds: 2000 }

/** Follows a namespace by way of a proxy that speaks plain HTTP, with the rights of a service account. */
export async function followBy(
  cluster: Cluster,
  namespace: string,
  identity: Identity,
  proxy: string,
): Promise<ConnectedKubernetes> {
  const { users } = JSON.parse(readFileSync(identity.kubeconfig, 'utf8')) as { users: { user: { token: string } }[] }
  const kubeconfig = join(cluster.folder, 'kubeconfigs', `${namespace}.meddler.json`)
  writeFileSync(kubeconfig, JSON.stringify(plainKubeconfig(proxy, users[0]?.user.token ?? '')), { mode: 0o600 })
  return connectKubernetes({
    environment: 'dev',
    ...{ kubeconfig, context: null, argocdNamespace: null, times: quickTimes },
    namespaces: { [namespace]: namespace },
    now: () => new Date(),
    log: () => {},
  })
}

/** The client speaks plain HTTP only to a server that is marked so. */
function plainKubeconfig(server: string, token: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'meddler', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'meddler', user: { token } }],
    contexts: [{ name: 'meddler', context: { cluster: 'meddler', user: 'meddler' } }],
    'current-context': 'meddler',
  }
}

/** How our view differs from a list of just now; undefined where it does not. Both in the product's own projection. */
export async function differenceOf(
  { kubernetes }: Cluster,
  { source }: ConnectedKubernetes,
  namespace: string,
): Promise<string | undefined> {
  const view: ClusterView = await source.view('dev')
  const [jobs, pods] = await Promise.all([
    kubernetes.list<KubernetesObject>(resource('batch/v1', 'jobs', namespace)),
    kubernetes.list<KubernetesObject>(resource('v1', 'pods', namespace)),
  ])
  const ours = [...view.jobs.map((one) => ({ ...one, workload: null })), ...view.pods]
  const fresh = [...jobs.map((one) => seenJob(one)), ...pods.map((one) => seenPod(one))]
  if (textOf(ours) === textOf(fresh)) return undefined
  return `${view.jobs.length} Jobs and ${view.pods.length} pods are seen, ${jobs.length} and ${pods.length} are listed`
}

function textOf(values: readonly unknown[]): string {
  const uid = (value: unknown): string => (value as { uid: string }).uid
  return JSON.stringify(values.filter(Boolean).sort((left, right) => (uid(left) < uid(right) ? -1 : 1)))
}
