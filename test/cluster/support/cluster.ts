import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { createKubernetes, type Kubernetes, resource } from '../base/kubernetes.ts'
import { type Bed, readBed, type RealNode } from '../bed.ts'
import { certificateAuthority } from '../parts/credentials.ts'

/*
 * What a test gets to work with.
 *
 *   const cluster = theCluster()
 *   const namespace = await makeNamespace(cluster, 'language')
 *   await cluster.kubernetes.apply(job({ namespace, name: 'a-job', … }))
 */

/** The bed with a client for its API server, as its administrator. */
export interface Cluster extends Bed {
  readonly kubernetes: Kubernetes
}

/** The cluster that this run of the tests has started. */
export function theCluster(): Cluster {
  return attach(inject('clusterFolder'))
}

/** Any running bed, by its folder. */
export function attach(folder: string): Cluster {
  const bed = readBed(folder)
  if (bed === undefined) throw new Error(`there is no running test bed in ${folder}`)
  const { apiServer: server, token } = bed
  return { ...bed, kubernetes: createKubernetes({ server, certificateAuthority: certificateAuthority(folder), token }) }
}

/** For `describe.runIf`: false where the bed runs without root, which says so when it starts. */
export function hasRealNode(): boolean {
  return readBed(inject('clusterFolder'))?.node != null
}

/** @throws Error where the bed runs without root */
export function realNodeOf({ node }: Cluster): RealNode {
  if (node === null) throw new Error('this bed has no real node: it was started without root')
  return node
}

/** A namespace of this test's own, ready for pods. */
export async function makeNamespace({ kubernetes }: Cluster, prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(3).toString('hex')}`
  await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await kubernetes.until(resource('v1', 'serviceaccounts', name, 'default'), 'to exist', () => true)
  return name
}

/** Takes a namespace and all that is in it away, without waiting for the end of it. */
export async function removeNamespace({ kubernetes }: Cluster, name: string): Promise<void> {
  await kubernetes.remove(resource('v1', 'namespaces', null, name))
}
