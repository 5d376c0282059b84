import { totalmem } from 'node:os'
import { join } from 'node:path'
import { accepts, answersWell, freePort } from '../base/ports.ts'
import { createKubernetes, type Kubernetes, resource } from '../base/kubernetes.ts'
import { type Network, servicesWithoutBridge } from '../base/network.ts'
import { type ProcessRecord, startProgram, untilUp } from '../base/processes.ts'
import {
  certificateAuthority,
  type Certificate,
  keysFolder,
  kubeconfigOf,
  selfSigned,
  writeCredentials,
} from './credentials.ts'
import { script } from './servers.ts'

/*
 * etcd, the API server, the controllers and the scheduler, all on 127.0.0.1, with RBAC and node authorization on and without anonymous access.
 */

/** A node that is not heard of for so long counts as lost (50 in Kubernetes): a test must not wait for most of a minute. */
export const nodeGraceSeconds = 24
/** Pods of a lost node are evicted after so long (300 in Kubernetes). */
const evictAfterSeconds = 15
/** How often autoscalers look (15 in Kubernetes), and for how long fewer pods have to be enough (300). */
const autoscaler = { syncSeconds: 5, downscaleSeconds: 20 }
const upSeconds = 90

export interface ControlPlane {
  /** https://127.0.0.1:port */
  readonly apiServer: string
  /** http://127.0.0.1:port; without access control. */
  readonly etcd: string
  readonly auditLog: string
  readonly kubernetes: Kubernetes
  /** By which the API server shows a kubelet that it is the API server. */
  readonly kubeletClient: Certificate
}

export interface ControlPlaneOptions {
  /** Folder of the programs. */
  readonly bin: string
  /** Where pods reach the API server; undefined without a real node. */
  readonly network: Network | undefined
  /** What the API server writes of pods, Jobs and Applications into its audit log: with their bodies, or who asked for what alone. */
  readonly audit: 'bodies' | 'requests'
}

/** A sixth of the machine: with 900 MB for ten thousand pods it would do little but collect garbage. */
function memoryMegabytes(): number {
  return Math.max(900, Math.round(totalmem() / 2 ** 20 / 6))
}

export async function startControlPlane(
  bed: string,
  { bin, network, audit }: ControlPlaneOptions,
): Promise<ControlPlane> {
  const etcd = await startEtcd(bed, bin)
  const [port, gatewayPort] = [await freePort(), await freePort()]
  const apiServer = `https://127.0.0.1:${port}`
  const token = writeCredentials(bed, { apiServer, gateway: `https://127.0.0.1:${gatewayPort}` })
  const services = network?.services ?? servicesWithoutBridge
  const kubeletClient = await selfSigned(join(keysFolder(bed), 'kubelet-client'), 'kube-apiserver')
  const aggregator = await selfSigned(join(keysFolder(bed), 'aggregator'), 'aggregator')
  const auditLog = join(bed, 'logs', 'audit.log')
  const words = apiServerWords(bed, { port, etcd, services, audit, auditLog, kubeletClient, aggregator })
  // Memory that the collector may use: it grows to 1.5 GB without, and this machine is not ours alone.
  const environment = { GOMEMLIMIT: `${memoryMegabytes()}MiB` }
  const record = startProgram(bed, {
    name: 'kube-apiserver',
    command: join(bin, 'kube-apiserver'),
    arguments: words,
    environment,
  })
  // The API server writes its certificate itself, before it listens.
  await untilUp(record, () => accepts(port), { seconds: upSeconds })
  const kubernetes = createKubernetes({ server: apiServer, certificateAuthority: certificateAuthority(bed), token })
  await untilUp(record, async () => (await kubernetes.request('GET', '/readyz')).status === 200, { seconds: upSeconds })
  await startGateway(bed, gatewayPort, network)
  const controllers = startControllers(bed, bin)
  const account = resource('v1', 'serviceaccounts', 'default', 'default')
  await untilUp(controllers, async () => (await kubernetes.get(account)) !== undefined, { seconds: upSeconds })
  return { apiServer, etcd, auditLog, kubernetes, kubeletClient }
}

async function startEtcd(bed: string, bin: string): Promise<string> {
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`]
  const record = startProgram(bed, {
    name: 'etcd',
    command: join(bin, 'etcd'),
    arguments: [
      '--name=testbed',
      `--data-dir=${join(bed, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=testbed=${peer}`,
      // Nothing here has to outlive a power cut.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  })
  await untilUp(record, () => answersWell(`${client}/health`), { seconds: upSeconds })
  return client
}

/** @see ../programs/api-gateway.ts; pods come by the address that Kubernetes gives them: kubernetes.default, port 443. */
async function startGateway(bed: string, port: number, network: Network | undefined): Promise<void> {
  const places = [`127.0.0.1:${port}`, ...(network ? [`${network.apiServer}:443`] : [])]
  const record = startProgram(bed, script('api-gateway', [kubeconfigOf(bed, 'admin'), ...places]))
  await untilUp(record, () => accepts(port), { seconds: 30 })
  if (network) await untilUp(record, () => accepts(443, network.apiServer), { seconds: 30 })
}

interface ApiServer {
  readonly port: number
  readonly etcd: string
  readonly services: string
  readonly audit: ControlPlaneOptions['audit']
  readonly auditLog: string
  readonly kubeletClient: Certificate
  /** By which servers of further APIs know that it is the API server who says for whom it asks. */
  readonly aggregator: Certificate
}

function apiServerWords(
  bed: string,
  { port, etcd, services, audit, auditLog, kubeletClient, aggregator }: ApiServer,
): readonly string[] {
  const keys = keysFolder(bed)
  return [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${keys}`,
    `--token-auth-file=${join(keys, 'tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--anonymous-auth=false',
    '--enable-admission-plugins=NodeRestriction',
    // It would publish a loopback address as the endpoint of the Service `kubernetes`, which is refused.
    '--endpoint-reconciler-type=none',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(keys, 'service-accounts.pub')}`,
    `--service-account-signing-key-file=${join(keys, 'service-accounts.key')}`,
    `--service-cluster-ip-range=${services}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-client-certificate=${kubeletClient.certificate}`,
    `--kubelet-client-key=${kubeletClient.key}`,
    `--proxy-client-cert-file=${aggregator.certificate}`,
    `--proxy-client-key-file=${aggregator.key}`,
    `--requestheader-client-ca-file=${aggregator.certificate}`,
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--default-not-ready-toleration-seconds=${evictAfterSeconds}`,
    `--default-unreachable-toleration-seconds=${evictAfterSeconds}`,
    `--audit-policy-file=${join(import.meta.dirname, '..', 'config', `audit-${audit}.yaml`)}`,
    `--audit-log-path=${auditLog}`,
    // One file, never rotated: a test reads it from where it began.
    '--audit-log-maxsize=16384',
    '--profiling=false',
  ]
}

/** And the scheduler. @returns the controllers */
function startControllers(bed: string, bin: string): ProcessRecord {
  const keys = keysFolder(bed)
  const controllers = startProgram(bed, {
    name: 'kube-controller-manager',
    command: join(bin, 'kube-controller-manager'),
    arguments: [
      `--kubeconfig=${kubeconfigOf(bed, 'controller-manager')}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${join(keys, 'service-accounts.key')}`,
      `--root-ca-file=${certificateAuthority(bed)}`,
      '--controllers=*,-node-ipam-controller,-service-lb-controller,-node-route-controller',
      `--node-monitor-grace-period=${nodeGraceSeconds}s`,
      `--horizontal-pod-autoscaler-sync-period=${autoscaler.syncSeconds}s`,
      `--horizontal-pod-autoscaler-downscale-stabilization=${autoscaler.downscaleSeconds}s`,
      '--profiling=false',
    ],
  })
  startProgram(bed, {
    name: 'kube-scheduler',
    command: join(bin, 'kube-scheduler'),
    arguments: [
      `--kubeconfig=${kubeconfigOf(bed, 'scheduler')}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--profiling=false',
    ],
  })
  return controllers
}
