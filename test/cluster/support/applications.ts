import { type KubernetesObject, resource } from '../base/kubernetes.ts'
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

/** Asks Argo CD to look at the repository now. */
export async function refresh({ kubernetes }: Cluster, name: string): Promise<void> {
  const annotations = { 'argocd.argoproj.io/refresh': 'normal' }
  await kubernetes.patch(applicationPath(name), { metadata: { annotations } })
}

/** Waits until this commit is what the cluster has. A commit that changes no object is synced without an operation. */
export async function untilSynced(
  { kubernetes }: Cluster,
  name: string,
  revision: string,
  seconds = 60,
): Promise<Application> {
  const isThere = ({ status }: Application) =>
    status?.sync?.revision === revision &&
    status.sync.status === 'Synced' &&
    ['Succeeded', undefined].includes(status.operationState?.phase)
  return kubernetes.until<Application>(applicationPath(name), `to be synced to ${revision}`, isThere, seconds)
}
