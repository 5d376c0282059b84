import { resource } from '../base/kubernetes.ts'
import { simulatedNodeAnnotation } from '../parts/kwok.ts'
import type { Cluster } from './cluster.ts'

export interface NodesOptions {
  /** Names are <prefix>-1 and so on. */
  readonly prefix: string
  readonly count: number
  /** Of each node; default 0. */
  readonly gpus?: number
  /** Default 110, as everywhere. */
  readonly pods?: number
  readonly labels?: Readonly<Record<string, string>>
  /** For whatever comes, as the only nodes of a bed without a real one; default false. */
  readonly isOpen?: boolean
}

/** Where the Jobs of one test go, on nodes that kwok plays: merge it into the pod's spec. */
export function onSimulatedNodes(prefix: string) {
  return {
    nodeSelector: { 'specyard.dev/node': prefix },
    tolerations: [{ key: 'specyard.dev/simulated', operator: 'Exists', effect: 'NoSchedule' }],
  }
}

/** Adds nodes that kwok plays and waits until they are Ready. Nothing is scheduled on them that does not ask for it, unless they are open. */
export async function addNodes({ kubernetes }: Cluster, options: NodesOptions): Promise<readonly string[]> {
  const { prefix, count, gpus = 0, pods = 110, labels = {}, isOpen = false } = options
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`)
  const capacity = {
    cpu: '64',
    memory: '512Gi',
    pods: String(pods),
    ...(gpus > 0 && { 'nvidia.com/gpu': String(gpus) }),
  }
  for (const name of names) {
    await kubernetes.create(resource('v1', 'nodes', null), {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        annotations: simulatedNodeAnnotation,
        labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'specyard.dev/node': prefix, ...labels },
      },
      spec: isOpen ? {} : { taints: [{ key: 'specyard.dev/simulated', effect: 'NoSchedule' }] },
      status: { capacity, allocatable: capacity },
    })
  }
  for (const name of names) await kubernetes.until<Node>(nodePath(name), 'to be Ready', isReady)
  return names
}

/**
 * A node's machine dies: nobody hears of it any more, and nothing happens to its pods there. After a while it counts as lost and its pods are evicted,
 * which they never confirm. Other nodes live on.
 */
export async function loseNode({ kubernetes }: Cluster, name: string): Promise<void> {
  // kwok heeds who holds the lease of a node in what it does with the node; with the pods there only if it was lucky when it started.
  await markPods(kubernetes, name, 'true')
  // kwok lets go of a node whose lease somebody else holds, and whoever watches over nodes sees a lease that is not renewed.
  const renewTime = new Date().toISOString().replace('Z', '000Z')
  await kubernetes.patch(leasePath(name), {
    spec: { holderIdentity: 'nobody', leaseDurationSeconds: 86_400, renewTime },
  })
}

/** Brings a lost node back and waits until it is Ready. */
export async function restoreNode({ kubernetes }: Cluster, name: string): Promise<void> {
  await kubernetes.patch(leasePath(name), { spec: { holderIdentity: null } })
  await kubernetes.until<Node>(nodePath(name), 'to be Ready again', isReady, 90)
  await markPods(kubernetes, name, null)
}

/** What config/kwok-pods.yaml asks for. */
async function markPods(kubernetes: Cluster['kubernetes'], node: string, value: string | null): Promise<void> {
  const pods = await kubernetes.list(`/api/v1/pods?fieldSelector=spec.nodeName=${node}`)
  const annotations = { 'specyard.dev/on-a-lost-node': value }
  for (const { metadata } of pods)
    if (metadata.namespace) {
      const path = resource('v1', 'pods', metadata.namespace, metadata.name)
      if ((await kubernetes.get(path)) !== undefined) await kubernetes.patch(path, { metadata: { annotations } })
    }
}

function leasePath(node: string): string {
  return resource('coordination.k8s.io/v1', 'leases', 'kube-node-lease', node)
}

export async function removeNodes({ kubernetes }: Cluster, names: readonly string[]): Promise<void> {
  for (const name of names) await kubernetes.remove(nodePath(name))
}

export interface Node {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

export function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
}

export function nodePath(name: string): string {
  return resource('v1', 'nodes', null, name)
}
