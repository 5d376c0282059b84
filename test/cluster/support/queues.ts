import { resource } from '../base/kubernetes.ts'
import type { Cluster } from './cluster.ts'

export interface QueueOptions {
  readonly namespace: string
  /** Of the LocalQueue that Jobs name. */
  readonly name: string
  readonly gpus: number
  /** Where what is admitted goes. */
  readonly flavor: {
    readonly nodeSelector: Readonly<Record<string, string>>
    readonly tolerations: readonly unknown[]
  }
  /** Kueue's preemption block; default none is preempted. */
  readonly preemption?: Readonly<Record<string, unknown>>
}

/** A LocalQueue with a ClusterQueue and a ResourceFlavor of its own. @returns the ClusterQueue's name */
export async function createQueue({ kubernetes }: Cluster, options: QueueOptions): Promise<string> {
  const { namespace, name, gpus, flavor, preemption } = options
  const apiVersion = 'kueue.x-k8s.io/v1beta1'
  const shared = `${namespace}-${name}`
  const resources = [
    { name: 'cpu', nominalQuota: '64' },
    { name: 'memory', nominalQuota: '512Gi' },
    { name: 'nvidia.com/gpu', nominalQuota: String(gpus) },
  ]
  const { nodeSelector: nodeLabels, tolerations } = flavor
  await kubernetes.apply({
    apiVersion,
    kind: 'ResourceFlavor',
    metadata: { name: shared },
    spec: { nodeLabels, tolerations },
  })
  await kubernetes.apply({
    apiVersion,
    kind: 'ClusterQueue',
    metadata: { name: shared },
    spec: {
      namespaceSelector: {},
      ...(preemption && { preemption }),
      resourceGroups: [{ coveredResources: resources.map((one) => one.name), flavors: [{ name: shared, resources }] }],
    },
  })
  await kubernetes.apply({
    apiVersion,
    kind: 'LocalQueue',
    metadata: { name, namespace },
    spec: { clusterQueue: shared },
  })
  await kubernetes.until<Queue>(resource(apiVersion, 'clusterqueues', null, shared), 'to be active', ({ status }) =>
    status?.conditions?.some((one) => one.type === 'Active' && one.status === 'True'),
  )
  return shared
}

interface Queue {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}
