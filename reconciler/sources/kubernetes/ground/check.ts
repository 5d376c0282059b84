import { createApi } from '../api/api.ts'
import { type ConnectionChoice, loadCredentials } from '../api/credentials.ts'
import { clusterFault } from '../faults.ts'
import { checkArgocd, type WantedOfArgocd } from './argocd.ts'
import type { Finding } from './finding.ts'
import { checkImages } from './images.ts'
import { checkRights } from './rights.ts'

export interface WantedGround extends ConnectionChoice {
  /** Namespaces of the projects. */
  readonly namespaces: readonly string[]
  readonly argocd: WantedOfArgocd
  /** Images of the lease's init container. */
  readonly images: readonly string[]
  /** Whose rights are asked for; null for those of whoever asks. */
  readonly user: string | null
}

/**
 * Looks at what of a cluster Specyard depends on and others have to provide. Reads and asks, and changes nothing.
 * @throws Fault SETTINGS_INVALID, CLUSTER_UNREACHABLE, CLUSTER_REFUSED
 */
export async function checkGround(wanted: WantedGround): Promise<readonly Finding[]> {
  const api = createApi(await loadCredentials(wanted))
  const { namespaces, argocd, images, user } = wanted
  try {
    return [
      ...(await checkArgocd(api, argocd)),
      ...(await checkRights(api, { namespaces, argocdNamespace: argocd.namespace }, user)),
      ...(await checkImages(api, images)),
    ]
  } catch (error) {
    throw clusterFault(error, 'checking what is there', api.server)
  } finally {
    api.close()
  }
}
