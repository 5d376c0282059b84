import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { resource } from '../base/kubernetes.ts'
import type { Cluster } from '../support/cluster.ts'
import { createQueue } from '../support/queues.ts'
import { addNodes } from '../support/simulated-nodes.ts'
import { namespaceOf, storageClaim } from './environments.ts'

/*
 * What the administrators of a cluster have there before Specyard comes: namespaces, storage, GPUs and a queue for them.
 */

const simulated = { key: 'specyard.dev/simulated', operator: 'Exists', effect: 'NoSchedule' }
/** As the example's Environment `stg` describes an A100. */
const gpuLabels = { accelerator: 'nvidia-a100' }

/** @param environments names; each gets a namespace of its own */
export async function prepareGround(cluster: Cluster, environments: readonly string[]): Promise<void> {
  for (const environment of environments) {
    const namespace = namespaceOf(environment)
    await cluster.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    await cluster.kubernetes.until(resource('v1', 'serviceaccounts', namespace, 'default'), 'to exist', () => true)
    await makeStorage(cluster, namespace)
  }
  await addNodes(cluster, { prefix: 'gpu', count: 1, gpus: 1, labels: gpuLabels })
  await createQueue(cluster, {
    namespace: namespaceOf('stg'),
    name: 'gpu',
    gpus: 1,
    flavor: { nodeSelector: gpuLabels, tolerations: [simulated] },
  })
  // Without a real node somebody has to play the pods that ask for nothing in particular.
  if (cluster.node === null) await addNodes(cluster, { prefix: 'played', count: 1, isOpen: true })
}

/** A volume that several pods may write, as checkpoints and models need it: a folder of this machine, gone with the bed. */
async function makeStorage({ folder, kubernetes }: Cluster, namespace: string): Promise<void> {
  const path = join(folder, 'demo', 'storage', namespace)
  mkdirSync(path, { recursive: true })
  const shared = { accessModes: ['ReadWriteMany'], storageClassName: '' }
  const name = `${namespace}-storage`
  await kubernetes.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      ...shared,
      capacity: { storage: '1Gi' },
      hostPath: { path },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: storageClaim },
    },
  })
  await kubernetes.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: storageClaim, namespace },
    spec: { ...shared, volumeName: name, resources: { requests: { storage: '1Gi' } } },
  })
}
