/*
 * Ways to get out of a container, or into somebody else's namespace, by what an overlay, a template or a patch can leave in a manifest. Each is a change
 * of a manifest that is as it should be, with the policy that must see it.
 */

/** Manifests as plain JSON, taken to pieces and put together again. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Loose = any

export interface Attempt {
  readonly title: string
  /** Names of the policies one of which must refuse it. */
  readonly policy: string
  readonly change: (manifest: Loose) => Loose
}

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`

/** Where a container can stand. */
const places = ['trainer', 'lease', 'extra', 'extra-init'] as const

const podOf = (manifest: Loose): Loose => manifest.spec.template.spec

function containerAt(manifest: Loose, place: (typeof places)[number]): Loose {
  const pod = podOf(manifest)
  if (place === 'trainer') return pod.containers[0]
  if (place === 'lease') return pod.initContainers[0]
  const extra: Loose = { name: 'extra', image: `example/extra@${digest}` }
  if (place === 'extra') pod.containers.push(extra)
  else pod.initContainers.push(extra)
  return extra
}

/** What the context of a container, and partly of a pod, must not say. */
const contexts: Readonly<Record<string, Loose>> = {
  'is privileged': { privileged: true },
  'may gain privileges': { allowPrivilegeEscalation: true },
  'runs as user 0': { runAsUser: 0 },
  'runs as user and group 0': { runAsUser: 0, runAsGroup: 0 },
  'runs in group 0': { runAsGroup: 0 },
  'may run as root': { runAsNonRoot: false },
  'adds SYS_ADMIN': { capabilities: { add: ['SYS_ADMIN'] } },
  'adds all capabilities': { capabilities: { add: ['ALL'], drop: [] } },
  'adds NET_RAW': { capabilities: { add: ['NET_RAW'] } },
  'sees all of proc': { procMount: 'Unmasked' },
  'has no seccomp': { seccompProfile: { type: 'Unconfined' } },
  'has no AppArmor': { appArmorProfile: { type: 'Unconfined' } },
  'is a process of the host': { windowsOptions: { hostProcess: true } },
}
const podContexts: Readonly<Record<string, Loose>> = {
  'runs as user 0': { runAsUser: 0 },
  'runs in group 0': { runAsGroup: 0 },
  'may run as root': { runAsNonRoot: false },
  'has files of group 0': { fsGroup: 0 },
  'is in the supplemental group 0': { supplementalGroups: [1000, 0] },
  'sets a sysctl': { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '0' }] },
  'has no seccomp': { seccompProfile: { type: 'Unconfined' } },
}
const hostPaths = ['/', '/etc', '/var/run/docker.sock', '/var/lib/kubelet', '/proc', '/home', '/root/.ssh', '/dev']
const kindsOfHostPath = [
  undefined,
  '',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
  'CharDevice',
  'BlockDevice',
]
const namespaces = ['kube-system', 'default', 'argocd', 'ml-vision', 'kube-public', 'specyard', 'ml-language-2']
const accounts = [
  'admin',
  'specyard-reconciler',
  'argocd-application-controller',
  'builder',
  'cluster-admin',
  'prometheus',
]
const images = [
  'example/trainer:latest',
  'example/trainer',
  'registry.example.com:5000/trainer',
  'registry.example.com:5000/trainer:latest',
  'trainer',
  'docker.io/library/busybox:latest',
  'ghcr.io/example/trainer:latest',
  'example/trainer@sha256:short',
]

/** Every attempt that is a change of the object. */
export function* attempts(): Generator<Attempt> {
  for (const place of places) {
    for (const [title, context] of Object.entries(contexts))
      yield of(`the container ${place} ${title}`, 'unprivileged', (manifest) => {
        const container = containerAt(manifest, place)
        container.securityContext = { ...container.securityContext, ...context }
      })
    for (const image of images)
      yield of(`the container ${place} is ${image}`, 'no-latest', (manifest) => {
        containerAt(manifest, place).image = image
      })
    for (const hostPort of [1, 80, 8080, 10250])
      yield of(`the container ${place} has hostPort ${hostPort}`, 'no-host-network', (manifest) => {
        containerAt(manifest, place).ports = [{ containerPort: 8080, hostPort }]
      })
  }
  for (const [title, context] of Object.entries(podContexts))
    yield of(`the pod ${title}`, 'unprivileged', (manifest) => {
      const pod = podOf(manifest)
      pod.securityContext = { ...pod.securityContext, ...context }
    })
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace'])
    yield of(`the pod has ${key}`, 'no-host-network', (manifest) => {
      podOf(manifest)[key] = true
    })
  for (const path of hostPaths)
    for (const type of kindsOfHostPath)
      for (const name of ['callback', 'more'])
        yield of(`the volume ${name} is ${path} of the node (${type ?? 'any'})`, 'no-host-paths', (manifest) => {
          const { volumes } = podOf(manifest)
          const volume: Loose = { name, hostPath: { path, ...(type === undefined ? {} : { type }) } }
          const index = volumes.findIndex((one: Loose) => one.name === name)
          if (index >= 0) volumes[index] = volume
          else volumes.push(volume)
        })
  for (const volume of [
    { nfs: { server: 'files', path: '/' } },
    { iscsi: { targetPortal: '10.0.0.1', iqn: 'iqn.2001-04.com.example:s', lun: 0 } },
  ])
    yield of(`a volume is ${Object.keys(volume)[0]}`, 'no-host-paths', (manifest) => {
      podOf(manifest).volumes.push({ name: 'more', ...volume })
    })
  for (const namespace of namespaces)
    yield of(`the namespace is ${namespace}`, 'own-namespace', (manifest) => {
      manifest.metadata.namespace = namespace
    })
  for (const name of accounts) {
    for (const key of ['serviceAccountName', 'serviceAccount'])
      yield of(`${key} is ${name}`, 'own-service-account', (manifest) => {
        podOf(manifest)[key] = name
      })
    yield of(`the pod mounts the token of ${name}`, 'own-service-account', (manifest) => {
      Object.assign(podOf(manifest), { serviceAccountName: name, automountServiceAccountToken: true })
    })
  }
  yield of('the token of the service account is mounted', 'own-service-account', (manifest) => {
    podOf(manifest).automountServiceAccountToken = true
  })
  yield of('nothing says that no token is mounted', 'own-service-account', (manifest) => {
    delete podOf(manifest).automountServiceAccountToken
  })
  for (const place of ['extra', 'extra-init'] as const)
    yield of(`there is a container ${place}`, 'known-containers', (manifest) => void containerAt(manifest, place))
  for (const name of ['proxy', 'trainer-2', 'istio', 'debug', 'miner'])
    yield of(`the container is called ${name}`, 'known-containers', (manifest) => {
      podOf(manifest).containers[0].name = name
    })
  for (const label of ['app', 'job-id', 'trace-id', 'specyard.dev/project', 'specyard.dev/attempt'])
    yield of(`the label ${label} is gone`, 'required-labels', (manifest) => {
      delete manifest.metadata.labels[label]
    })
  for (const [resource, count] of [
    ['nvidia.com/gpu', 9],
    ['nvidia.com/gpu', 64],
    ['amd.com/gpu', 16],
    ['nvidia.com/mig-1g.5gb', 20],
    ['google.com/tpu', 32],
  ] as const)
    yield of(`${count} of ${resource} are asked for`, 'gpu-caps', (manifest) => {
      podOf(manifest).containers[0].resources.limits[resource] = count
    })
  yield of('eight nodes of two GPUs are asked for', 'gpu-caps', (manifest) => {
    Object.assign(manifest.spec, { completions: 8, parallelism: 8, completionMode: 'Indexed' })
    podOf(manifest).containers[0].resources.limits['nvidia.com/gpu'] = 2
  })
}

/** What may stand beside an attempt and makes it neither better nor worse. */
export const harmless: readonly ((manifest: Loose) => void)[] = [
  () => undefined,
  (manifest) => void (manifest.metadata.annotations = { ...manifest.metadata.annotations, note: 'privileged: false' }),
  (manifest) => void podOf(manifest).containers[0].env.push({ name: 'HOST_NETWORK', value: 'false' }),
  (manifest) => void (podOf(manifest).nodeSelector = { pool: 'gpu' }),
  (manifest) => void (podOf(manifest).priorityClassName = 'low'),
  (manifest) => void (podOf(manifest).containers[0].args = ['--hostPath', '/etc']),
  (manifest) => void (podOf(manifest).tolerations = [{ key: 'gpu', operator: 'Exists' }]),
  (manifest) => void (manifest.spec.activeDeadlineSeconds = 5),
]

function of(title: string, policy: string, change: (manifest: Loose) => void): Attempt {
  return {
    title,
    policy,
    change: (manifest) => {
      const copy: Loose = structuredClone(manifest)
      change(copy)
      return copy
    },
  }
}
