import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { findProgram } from '../base/command.ts'
import { type Kubernetes, type KubernetesObject, resource } from '../base/kubernetes.ts'
import { accepts, answersWell, freePort } from '../base/ports.ts'
import { startProgram, untilUp } from '../base/processes.ts'
import { kubeconfigOf } from './credentials.ts'

/*
 * Argo CD: the repository server, the application controller and their Redis. One binary; its name in the environment decides which it is.
 * It runs outside the cluster and takes the bed's API server for the one that it is in.
 */

export const argocdNamespace = 'argocd'
/** As in Argo CD itself: what a test wants sooner it asks for by the refresh annotation. */
const resyncSeconds = 180
const upSeconds = 90

export async function startArgocd(bed: string, core: string, kubernetes: Kubernetes): Promise<void> {
  await applyFolder(kubernetes, join(core, 'share', 'argocd-crds'))
  await kubernetes.until('/apis/argoproj.io/v1alpha1', 'to be served', () => true)
  for (const object of installation()) await kubernetes.apply(object)
  const redis = await startRedis(bed)
  const repository = await startRepositoryServer(bed, core, redis)
  const metrics = await freePort()
  const words = [
    `--kubeconfig=${kubeconfigOf(bed, 'argocd')}`,
    `--namespace=${argocdNamespace}`,
    `--repo-server=${repository}`,
    '--repo-server-plaintext',
    `--redis=${redis}`,
    `--metrics-port=${metrics}`,
    `--app-resync=${resyncSeconds}`,
    '--app-resync-jitter=0',
  ]
  const record = startProgram(bed, argocd(bed, core, 'argocd-application-controller', words))
  await untilUp(record, () => answersWell(`http://127.0.0.1:${metrics}/healthz`), { seconds: upSeconds })
}

/** Applies every document of every file of a folder: CustomResourceDefinitions, as a project ships them. */
export async function applyFolder(kubernetes: Kubernetes, folder: string): Promise<void> {
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.yaml') && one !== 'kustomization.yaml')) {
    for (const document of parseAllDocuments(readFileSync(join(folder, name), 'utf8'))) {
      const object = document.toJS() as KubernetesObject | null
      if (object === null) continue
      await kubernetes.apply(object)
      const path = resource(object.apiVersion, 'customresourcedefinitions', null, object.metadata.name)
      await kubernetes.until<Definition>(path, 'to be established', ({ status }) =>
        status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True'),
      )
    }
  }
}

interface Definition {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

async function startRedis(bed: string): Promise<string> {
  const command = findProgram('redis-server')
  if (command === undefined)
    throw new Error(
      'Argo CD needs Redis and redis-server is not installed; on Debian and Ubuntu: apt-get install redis-server',
    )
  const port = await freePort()
  const folder = join(bed, 'redis')
  mkdirSync(folder)
  const words = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder]
  const record = startProgram(bed, { name: 'argocd-redis', command, arguments: words })
  await untilUp(record, () => accepts(port), { seconds: 20 })
  return `127.0.0.1:${port}`
}

async function startRepositoryServer(bed: string, core: string, redis: string): Promise<string> {
  const port = await freePort()
  const words = [
    '--address=127.0.0.1',
    `--port=${port}`,
    '--metrics-address=127.0.0.1',
    `--metrics-port=${await freePort()}`,
    '--disable-tls',
    // Without it the server wants certificates all the same.
    '--client-ca-path=',
    `--redis=${redis}`,
    // A branch is looked up again when it is asked for, or a refresh would see the last commit but one.
    '--revision-cache-expiration=1s',
  ]
  const record = startProgram(bed, argocd(bed, core, 'argocd-repo-server', words))
  await untilUp(record, () => accepts(port), { seconds: upSeconds })
  return `127.0.0.1:${port}`
}

function argocd(bed: string, core: string, role: string, words: readonly string[]) {
  const home = join(bed, role)
  const folder = (name: string) => {
    mkdirSync(join(home, name), { recursive: true })
    return join(home, name)
  }
  // Paths outside would be shared with every other Argo CD of this machine.
  const environment = {
    PATH: [join(core, 'bin'), join(core, 'share'), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: folder('home'),
    TMPDIR: folder('tmp'),
    KUBECONFIG: kubeconfigOf(bed, 'argocd'),
    ARGOCD_BINARY_NAME: role,
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    ARGOCD_CONTROLLER_REPLICAS: '1',
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_GNUPGHOME: folder('gpg'),
    ARGOCD_GPG_DATA_PATH: folder('gpg-source'),
    ARGOCD_TLS_DATA_PATH: folder('tls'),
    ARGOCD_SSH_DATA_PATH: folder('ssh'),
    ARGOCD_PLUGINSOCKFILEPATH: folder('plugins'),
    ARGOCD_ASK_PASS_SOCK: join(home, 'ask-pass.sock'),
    GIT_CONFIG_NOSYSTEM: '1',
  }
  return { name: role, command: join(core, 'bin', 'argocd'), arguments: [...words, '--logformat=text'], environment }
}

/** What Argo CD's own installation manifests hold beside Deployments: it does not start without. */
function installation(): readonly KubernetesObject[] {
  const metadata = (name: string) => ({
    name,
    namespace: argocdNamespace,
    labels: { 'app.kubernetes.io/part-of': 'argocd' },
  })
  const settings = (name: string, data: Readonly<Record<string, string>> = {}): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata(name),
    data,
  })
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: argocdNamespace } },
    settings('argocd-cm', {
      'timeout.reconciliation': `${resyncSeconds}s`,
      'timeout.reconciliation.jitter': '0s',
      'application.resourceTrackingMethod': 'annotation',
    }),
    ...['rbac-cm', 'gpg-keys-cm', 'tls-certs-cm', 'ssh-known-hosts-cm'].map((name) => settings(`argocd-${name}`)),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('argocd-secret'),
      stringData: { 'server.secretkey': randomBytes(16).toString('hex') },
    },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: metadata('default'),
      spec: {
        sourceRepos: ['*'],
        destinations: [{ namespace: '*', server: '*' }],
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      },
    },
  ]
}
