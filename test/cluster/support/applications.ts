import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { argocdNamespace } from '../parts/argocd.ts'
import type { Cluster } from './cluster.ts'

export interface ApplicationOptions {
  readonly name: string
  readonly url: string
  /** Folder of the repository. */
  readonly path: string
  /** Where its objects go. */
  readonly namespace: string
  /** Default true. */
  readonly selfHeal?: boolean
}

/** An Application of Argo CD, with the fields that tests look at. */
export interface Application extends KubernetesObject {
  readonly status?: {
    readonly sync?: { readonly status: string; readonly revision?: string }
    readonly health?: { readonly status?: string }
    readonly conditions?: readonly { readonly type: string; readonly message: string }[]
    readonly operationState?: {
      readonly phase: string
      readonly message?: string
      readonly syncResult?: { readonly revision: string }
    }
  }
}

export function applicationPath(name: string): string {
  return resource('argoproj.io/v1alpha1', 'applications', argocdNamespace, name)
}

/** An Application over a folder of Jobs, with the same policy as Specyard's own. */
export async function createApplication({ kubernetes }: Cluster, options: ApplicationOptions): Promise<void> {
  const { name, url, path, namespace, selfHeal = true } = options
  await kubernetes.apply({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: argocdNamespace, finalizers: ['resources-finalizer.argocd.argoproj.io'] },
    spec: {
      project: 'default',
      source: { repoURL: url, targetRevision: 'main', path, directory: { include: '*.yaml' } },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { automated: { prune: true, selfHeal, allowEmpty: true }, syncOptions: ['ApplyOutOfSyncOnly=true'] },
    },
  })
}

/** Argo CD takes it away when it has looked. */
export const refreshAnnotation = 'argocd.argoproj.io/refresh'

/** Asks Argo CD to look at the repository now. A request that still stands is no news when it is written again. */
export async function refresh({ kubernetes }: Cluster, name: string): Promise<void> {
  for (const value of [null, 'normal']) {
    const annotations = { [refreshAnnotation]: value }
    await kubernetes.patch(applicationPath(name), { metadata: { annotations } })
  }
}

/** Argo CD takes a request that comes while it looks for the one that it is about. */
const askAgainMilliseconds = 3000

/**
 * Asks Argo CD to look, and again until it has.
 * @param isSo what it has to have seen
 * @throws Error with the last state of the Application
 */
export async function lookUntil(
  cluster: Cluster,
  name: string,
  what: string,
  isSo: (application: Application) => unknown,
  seconds = 60,
): Promise<Application> {
  let last: Application | undefined
  let askedAt = -Infinity
  const look = async () => {
    if (performance.now() - askedAt > askAgainMilliseconds) {
      await refresh(cluster, name)
      askedAt = performance.now()
    }
    last = await cluster.kubernetes.get<Application>(applicationPath(name))
    return last !== undefined && Boolean(await isSo(last)) && last
  }
  return until(`the Application ${name} ${what}`, look, { seconds }).catch((error: unknown) => {
    const seen = last === undefined ? 'it is not there' : JSON.stringify(last.status)
    throw new Error(`${(error as Error).message}; as it was last: ${seen}`, { cause: error })
  })
}

/** Waits until this commit is what the cluster has. A commit that changes no object is synced without an operation. */
export async function untilSynced(
  cluster: Cluster,
  name: string,
  revision: string,
  seconds = 60,
): Promise<Application> {
  const isThere = ({ status }: Application) =>
    status?.sync?.revision === revision &&
    status.sync.status === 'Synced' &&
    ['Succeeded', undefined].includes(status.operationState?.phase)
  return lookUntil(cluster, name, `to be synced to ${revision}`, isThere, seconds)
}
