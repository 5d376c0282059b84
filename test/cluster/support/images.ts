import { importImage } from '../parts/containerd.ts'
import { makeNodeImage, type NodeImage } from '../parts/images.ts'
import { type Cluster, realNodeOf } from './cluster.ts'

/**
 * Makes an image of this machine's own node with a shell and these files, and gives it to the real node's container runtime.
 * @returns the image pinned by digest, as a manifest has it
 * @throws Error where the bed runs without root
 */
export async function loadNodeImage(cluster: Cluster, image: NodeImage): Promise<string> {
  const { busybox } = realNodeOf(cluster)
  if (cluster.runtime === null) throw new Error('this bed has no container runtime: it was started without root')
  const made = await makeNodeImage(busybox, image)
  await importImage(cluster.folder, cluster.runtime, made)
  return made.pinned
}
