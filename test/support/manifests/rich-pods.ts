import type { JsonObject } from '../../../domain/canonical.ts'

/*
 * Pods in which, between them, every field is set that has rules: each is taken by a server, so that what it says of a change is about the
 * change. What a Job needs beside is added by whoever makes one of them.
 */

const probe = (action: JsonObject): JsonObject => ({
  ...{ ...action, initialDelaySeconds: 1, timeoutSeconds: 1 },
  ...{ periodSeconds: 1, failureThreshold: 1, successThreshold: 1 },
})
const selector = {
  matchLabels: { a: 'b' },
  matchExpressions: [
    { key: 'c', operator: 'In', values: ['b'] },
    { key: 'd', operator: 'Exists' },
  ],
}
const trainer = { name: 'trainer', image: 'a' }
const container = (more: JsonObject): JsonObject => ({ containers: [{ ...trainer, ...more }] })
const volume = (source: JsonObject, more: JsonObject = {}): JsonObject => ({
  containers: [trainer],
  ...more,
  volumes: [{ name: 'v', ...source }],
})

const everyContainer: JsonObject = {
  containers: [
    {
      ...{
        ...trainer,
        command: ['a'],
        args: ['b'],
        workingDir: '/x',
        stdin: true,
        tty: true,
        imagePullPolicy: 'Always',
      },
      ...{ terminationMessagePath: '/x', terminationMessagePolicy: 'File' },
      ports: [
        { name: 'http', containerPort: 80, protocol: 'TCP', hostPort: 0, hostIP: '1.2.3.4' },
        { name: 'other', containerPort: 81 },
      ],
      env: [
        { name: 'A', value: 'b' },
        { name: 'F', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } },
        {
          name: 'R',
          valueFrom: { resourceFieldRef: { resource: 'limits.cpu', containerName: 'trainer', divisor: '1m' } },
        },
        { name: 'C', valueFrom: { configMapKeyRef: { name: 'a', key: 'b', optional: true } } },
        { name: 'S', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } },
      ],
      envFrom: [{ prefix: 'X', configMapRef: { name: 'a', optional: true } }, { secretRef: { name: 'b' } }],
      resources: {
        limits: { cpu: '1', memory: '1Gi', 'nvidia.com/gpu': '1', 'ephemeral-storage': '1Gi' },
        requests: { cpu: '500m', memory: '1Gi', 'nvidia.com/gpu': '1' },
      },
      volumeMounts: [
        { name: 'v', mountPath: '/v', subPath: 'a', readOnly: true, mountPropagation: 'None' },
        { name: 'v', mountPath: '/w', subPathExpr: 'b' },
      ],
      volumeDevices: [{ name: 'p', devicePath: '/dev/x' }],
      securityContext: {
        ...{ runAsUser: 1, runAsGroup: 1, runAsNonRoot: true, allowPrivilegeEscalation: true },
        ...{ readOnlyRootFilesystem: true, capabilities: { add: ['A'], drop: ['ALL'] } },
        ...{ seLinuxOptions: { level: 'a', role: 'b', type: 'c', user: 'd' }, procMount: 'Default' },
        ...{ seccompProfile: { type: 'RuntimeDefault' }, appArmorProfile: { type: 'RuntimeDefault' } },
      },
      livenessProbe: probe({ exec: { command: ['a'] }, terminationGracePeriodSeconds: 1 }),
      readinessProbe: probe({
        httpGet: { path: '/x', port: 80, host: 'a', scheme: 'HTTP', httpHeaders: [{ name: 'A', value: 'b' }] },
      }),
      startupProbe: probe({ tcpSocket: { port: 'http', host: 'a' } }),
      lifecycle: { preStop: { exec: { command: ['a'] } }, postStart: { httpGet: { port: 80 } } },
    },
    {
      ...{ name: 'side', image: 'b', livenessProbe: probe({ grpc: { port: 80, service: 'x' } }) },
      lifecycle: { preStop: { sleep: { seconds: 1 } }, postStart: { tcpSocket: { port: 80 } } },
    },
  ],
  initContainers: [
    { name: 'init', image: 'a', resources: { limits: { cpu: '1' } }, volumeMounts: [{ name: 'v', mountPath: '/x' }] },
    { name: 'proxy', image: 'a', restartPolicy: 'Always', startupProbe: { exec: { command: ['a'] } } },
  ],
  volumes: [
    { name: 'v', emptyDir: {} },
    { name: 'p', persistentVolumeClaim: { claimName: 'x' } },
  ],
}

const restarts = { action: 'Restart', exitCodes: { operator: 'In', values: [1, 2] } }

const everyPod: JsonObject = {
  ...{ containers: [trainer], activeDeadlineSeconds: 1, automountServiceAccountToken: true, dnsPolicy: 'ClusterFirst' },
  dnsConfig: { nameservers: ['1.2.3.4'], searches: ['a.b'], options: [{ name: 'ndots', value: '1' }] },
  ...{ enableServiceLinks: true, hostAliases: [{ ip: '1.2.3.4', hostnames: ['a'] }], hostUsers: true },
  ...{ hostname: 'h', subdomain: 's', setHostnameAsFQDN: true, imagePullSecrets: [{ name: 'a' }], nodeName: 'n' },
  ...{ nodeSelector: { a: 'b' }, os: { name: 'linux' }, preemptionPolicy: 'Never', priorityClassName: 'p' },
  ...{ readinessGates: [{ conditionType: 'a.b/c' }], runtimeClassName: 'r', schedulerName: 's' },
  ...{ serviceAccountName: 'sa', shareProcessNamespace: true, terminationGracePeriodSeconds: 5 },
  resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1' } },
  securityContext: {
    ...{ runAsUser: 1, runAsGroup: 1, fsGroup: 1, fsGroupChangePolicy: 'Always', runAsNonRoot: true },
    ...{ supplementalGroups: [1], supplementalGroupsPolicy: 'Merge', sysctls: [{ name: 'a.b', value: '1' }] },
    ...{ seLinuxOptions: { level: 'a' }, seLinuxChangePolicy: 'Recursive' },
    seccompProfile: { type: 'Localhost', localhostProfile: 'a/b' },
    appArmorProfile: { type: 'Localhost', localhostProfile: 'a' },
  },
}

const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
const term = {
  ...{ topologyKey: 'a', labelSelector: selector, namespaceSelector: selector, namespaces: ['a'] },
  ...{ matchLabelKeys: ['z'], mismatchLabelKeys: ['y'] },
}

const everyPlace: JsonObject = {
  containers: [trainer],
  tolerations: [
    { key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 },
    { operator: 'Exists' },
  ],
  affinity: {
    nodeAffinity: {
      [required]: {
        nodeSelectorTerms: [
          {
            matchExpressions: [
              { key: 'a', operator: 'In', values: ['b'] },
              { key: 'g', operator: 'Gt', values: ['1'] },
            ],
            matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }],
          },
        ],
      },
      [preferred]: [{ weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }],
    },
    podAffinity: { [required]: [term], [preferred]: [{ weight: 1, podAffinityTerm: { topologyKey: 'a' } }] },
    podAntiAffinity: { [required]: [{ topologyKey: 'a', labelSelector: selector }] },
  },
  topologySpreadConstraints: [
    {
      ...{ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule', minDomains: 1, matchLabelKeys: ['z'] },
      ...{ nodeAffinityPolicy: 'Honor', nodeTaintsPolicy: 'Ignore', labelSelector: selector },
    },
  ],
}

const claim: JsonObject = {
  metadata: { labels: { a: 'b' }, annotations: { a: 'b' } },
  spec: {
    ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'a', volumeMode: 'Filesystem' },
    ...{ resources: { requests: { storage: '1Gi' } }, selector },
  },
}
const items = (path: string): JsonObject[] => [{ key: 'a', path, mode: 1 }]

const volumes: Readonly<Record<string, JsonObject>> = {
  awsElasticBlockStore: { volumeID: 'a', partition: 1 },
  azureDisk: { diskName: 'a', diskURI: 'https://b', kind: 'Dedicated', cachingMode: 'None' },
  azureFile: { secretName: 'a', shareName: 'b' },
  cephfs: { monitors: ['a'], path: '/x' },
  cinder: { volumeID: 'a', secretRef: { name: 'a' } },
  configMap: { name: 'a', defaultMode: 420, items: items('b') },
  csi: { driver: 'example.com', nodePublishSecretRef: { name: 'a' } },
  downwardAPI: {
    defaultMode: 1,
    items: [
      { path: 'a', fieldRef: { fieldPath: 'metadata.labels', apiVersion: 'v1' } },
      { path: 'b', mode: 2, resourceFieldRef: { containerName: 'trainer', resource: 'limits.memory', divisor: '1Mi' } },
    ],
  },
  emptyDir: { medium: 'Memory', sizeLimit: '1Gi' },
  ephemeral: { volumeClaimTemplate: claim },
  fc: { targetWWNs: ['a'], lun: 1 },
  flexVolume: { driver: 'a/b', options: { a: 'b' } },
  flocker: { datasetName: 'a' },
  gcePersistentDisk: { pdName: 'a', partition: 1 },
  gitRepo: { repository: 'a', directory: 'b' },
  glusterfs: { endpoints: 'a', path: 'b' },
  hostPath: { path: '/a', type: 'Directory' },
  image: { reference: 'a', pullPolicy: 'Always' },
  iscsi: { targetPortal: 'a', iqn: 'iqn.2001-04.com.example:storage.disk2', lun: 0 },
  nfs: { server: 'a', path: '/b' },
  persistentVolumeClaim: { claimName: 'a' },
  photonPersistentDisk: { pdID: 'a' },
  portworxVolume: { volumeID: 'a' },
  projected: {
    defaultMode: 1,
    sources: [
      { secret: { name: 'a', items: items('a') } },
      { configMap: { name: 'a', items: items('b') } },
      { downwardAPI: { items: [{ path: 'c', fieldRef: { fieldPath: 'metadata.name' } }] } },
      { serviceAccountToken: { path: 'd', expirationSeconds: 3600, audience: 'x' } },
    ],
  },
  quobyte: { registry: 'a:1', volume: 'b' },
  rbd: { monitors: ['a'], image: 'b' },
  scaleIO: { gateway: 'a', system: 'b', secretRef: { name: 'x' }, volumeName: 'v' },
  secret: { secretName: 'a', defaultMode: 1, items: items('b') },
  storageos: { volumeName: 'a', secretRef: { name: 'a' } },
  vsphereVolume: { volumePath: 'a' },
}

/** The spec of a pod each, by what it is about. */
export const richPods: readonly (readonly [about: string, pod: JsonObject])[] = [
  ['containers', everyContainer],
  ['restarts', container({ restartPolicy: 'Never', restartPolicyRules: [restarts] })],
  [
    'a variable from a file',
    volume(
      { emptyDir: {} },
      container({ env: [{ name: 'K', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'a/b', key: 'K' } } }] }),
    ),
  ],
  ['a pod', everyPod],
  ['the network of the host', { ...container({ ports: [{ containerPort: 80, hostPort: 80 }] }), hostNetwork: true }],
  ['gates', { containers: [trainer], schedulingGates: [{ name: 'a.b/c' }] }],
  [
    'Windows',
    {
      ...container({ securityContext: { windowsOptions: { runAsUserName: 'a' } } }),
      os: { name: 'windows' },
      securityContext: {
        windowsOptions: { gmsaCredentialSpecName: 'a', gmsaCredentialSpec: 'x', runAsUserName: 'ContainerUser' },
      },
    },
  ],
  [
    'claims of resources',
    {
      ...container({ resources: { claims: [{ name: 'gpu', request: 'x' }] } }),
      resourceClaims: [
        { name: 'gpu', resourceClaimName: 'a' },
        { name: 'other', resourceClaimTemplateName: 'b' },
      ],
    },
  ],
  ['places', everyPlace],
  ...Object.entries(volumes).map(([kind, source]) => [kind, volume({ [kind]: source })] as const),
]
