import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Kubernetes, resource } from '../base/kubernetes.ts'
import type { Network } from '../base/network.ts'
import { startProgram, untilUp } from '../base/processes.ts'
import { nodeFolder, runtimeSocket } from './containerd.ts'
import { nodeGraceSeconds } from './control-plane.ts'
import { type Certificate, kubeconfigOf } from './credentials.ts'
import { makeControlGroup } from './control-groups.ts'
import { clusterDomain } from './names.ts'

/** Its name in the cluster. */
export const realNode = 'real-1'
/** By which a pod asks for the real node, and tests tell it from those that kwok plays. */
export const realNodeLabel = { 'specyard.dev/node': 'real' } as const

export interface Kubelet {
  readonly bin: string
  readonly network: Network
  /** The API server's certificate: nobody else may ask the kubelet for anything. */
  readonly client: Certificate
  readonly kubernetes: Kubernetes
}

/** Starts the kubelet and waits until its node is Ready. */
export async function startKubelet(bed: string, { bin, network, client, kubernetes }: Kubelet): Promise<void> {
  const node = nodeFolder(bed)
  const config = join(node, 'kubelet.json')
  writeFileSync(config, JSON.stringify(configuration(bed, node, network, client), null, 2))
  const record = startProgram(bed, {
    name: 'kubelet',
    command: join(bin, 'kubelet'),
    arguments: [
      `--config=${config}`,
      `--kubeconfig=${kubeconfigOf(bed, 'kubelet')}`,
      `--root-dir=${node}/kubelet`,
      `--cert-dir=${node}/kubelet-keys`,
      `--hostname-override=${realNode}`,
      `--node-ip=${network.host}`,
    ],
  })
  const path = resource('v1', 'nodes', null, realNode)
  await untilUp(record, async () => (await kubernetes.get(path)) !== undefined, { seconds: 60 })
  // The kubelet itself may not give its node labels of this kind (NodeRestriction).
  await kubernetes.patch(path, { metadata: { labels: realNodeLabel } })
  await kubernetes.until<Node>(path, 'to be Ready', (seen) =>
    seen.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  )
}

interface Node {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

/** @see https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
function configuration(bed: string, node: string, network: Network, client: Certificate) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.host,
    // The bridge's address is the bed's alone, so the usual port is free.
    port: 10250,
    healthzPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: client.certificate },
    },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${runtimeSocket(bed)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: makeControlGroup(bed),
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    // A heartbeat every quarter of this.
    nodeLeaseDurationSeconds: nodeGraceSeconds,
    nodeStatusUpdateFrequency: '5s',
    // A full disk of this machine is no reason to evict, and images are never taken away.
    evictionHard: {
      'memory.available': '0%',
      'nodefs.available': '0%',
      'imagefs.available': '0%',
      'nodefs.inodesFree': '0%',
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    podLogsDir: `${node}/pod-logs`,
    volumePluginDir: `${node}/volume-plugins`,
    clusterDNS: [network.host],
    clusterDomain,
    resolvConf: '/etc/resolv.conf',
  }
}
