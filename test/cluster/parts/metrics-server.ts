import { join } from 'node:path'
import { type Kubernetes, resource } from '../base/kubernetes.ts'
import { accepts, freePort } from '../base/ports.ts'
import { startProgram, untilUp } from '../base/processes.ts'
import { keysFolder, kubeconfigOf } from './credentials.ts'

/*
 * The API of resource metrics, outside the cluster: it reads the kubelet's own figures, as the API server may, and autoscalers ask it by way of the API
 * server, which finds it by a Service that is this machine's name.
 */

const name = 'metrics-server'
const namespace = 'kube-system'
const api = { group: 'metrics.k8s.io', version: 'v1beta1' }
/** The shortest that it takes. */
const resolutionSeconds = 10

/** Started once the real node is Ready. @param tool the folder of the built tool */
export async function startMetricsServer(bed: string, tool: string, kubernetes: Kubernetes): Promise<void> {
  const port = await freePort()
  const kubeconfig = kubeconfigOf(bed, name)
  const kubeletClient = join(keysFolder(bed), 'kubelet-client')
  const record = startProgram(bed, {
    name,
    command: join(tool, 'bin', name),
    arguments: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${join(bed, name)}`,
      `--metric-resolution=${resolutionSeconds}s`,
      `--kubelet-request-timeout=${resolutionSeconds - 2}s`,
      // The kubelet writes its certificate itself, by an authority that nobody knows.
      '--kubelet-insecure-tls',
      `--kubelet-client-certificate=${join(kubeletClient, 'tls.crt')}`,
      `--kubelet-client-key=${join(kubeletClient, 'tls.key')}`,
      '--kubelet-preferred-address-types=InternalIP',
    ],
  })
  await untilUp(record, () => accepts(port), { seconds: 60 })
  const metadata = { name, namespace }
  const ports = [{ name: 'https', port, protocol: 'TCP' }]
  await kubernetes.apply({
    ...{ apiVersion: 'v1', kind: 'Service', metadata },
    spec: { type: 'ExternalName', externalName: 'localhost', ports },
  })
  await kubernetes.apply({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${api.version}.${api.group}` },
    spec: {
      ...{ group: api.group, version: api.version, groupPriorityMinimum: 100, versionPriority: 100 },
      service: { name, namespace, port },
      insecureSkipTLSVerify: true,
    },
  })
  await kubernetes.until<ApiService>(
    resource('apiregistration.k8s.io/v1', 'apiservices', null, `${api.version}.${api.group}`),
    'to be available',
    ({ status }) => status?.conditions?.some((one) => one.type === 'Available' && one.status === 'True'),
    90,
  )
}

interface ApiService {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}
