/** How the lists of a kind are merged: by a key of their entries, by the entries themselves where the key is empty, or not at all. */
export interface MergeKeys {
  readonly key?: string | undefined
  readonly fields?: { readonly [field: string]: MergeKeys } | undefined
}

/*
 * `x-kubernetes-patch-merge-key` of the API server's own schemas, alike in all versions that are vendored; a test holds the two together. They
 * are written here because an attempt that is retried years later is rendered by the same keys, whatever schemas there are then.
 */

const metadata: MergeKeys = { fields: { finalizers: { key: '' }, ownerReferences: { key: 'uid' } } }
const containers: MergeKeys = {
  key: 'name',
  fields: {
    env: { key: 'name' },
    ports: { key: 'containerPort' },
    volumeDevices: { key: 'devicePath' },
    volumeMounts: { key: 'mountPath' },
  },
}
const pod: MergeKeys = {
  fields: {
    containers,
    ephemeralContainers: containers,
    initContainers: containers,
    hostAliases: { key: 'ip' },
    imagePullSecrets: { key: 'name' },
    resourceClaims: { key: 'name' },
    schedulingGates: { key: 'name' },
    topologySpreadConstraints: { key: 'topologyKey' },
    volumes: { key: 'name', fields: { ephemeral: { fields: { volumeClaimTemplate: { fields: { metadata } } } } } },
  },
}

/** Of the kinds that can be patched. */
export const mergeKeys = {
  Job: { fields: { metadata, spec: { fields: { template: { fields: { metadata, spec: pod } } } } } },
  Service: { fields: { metadata, spec: { fields: { ports: { key: 'port' } } } } },
} as const satisfies Record<string, MergeKeys>
