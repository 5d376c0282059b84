import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKubernetes, type Kubernetes, resource } from '../base/kubernetes.ts'
import { certificateAuthority, kubeconfig } from '../parts/credentials.ts'
import type { Cluster } from './cluster.ts'

export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

export interface Identity {
  /** As the audit log has it. */
  readonly user: string
  /** Path of a kubeconfig file. */
  readonly kubeconfig: string
  readonly kubernetes: Kubernetes
}

/** Makes a service account that may do what these rules say in its namespace, and nothing else. */
export async function makeIdentity(
  cluster: Cluster,
  namespace: string,
  name: string,
  rules: readonly Rule[],
): Promise<Identity> {
  const group = 'rbac.authorization.k8s.io'
  const metadata = { name, namespace }
  await cluster.kubernetes.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  await cluster.kubernetes.apply({ apiVersion: `${group}/v1`, kind: 'Role', metadata, rules })
  await cluster.kubernetes.apply({
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: group, kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  })
  return identityOf(cluster, namespace, name)
}

/** A token (for a day) and a kubeconfig for a service account that exists. */
export async function identityOf(cluster: Cluster, namespace: string, name: string): Promise<Identity> {
  const path = `${resource('v1', 'serviceaccounts', namespace, name)}/token`
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 86_400 } }
  const { status } = (await cluster.kubernetes.create(path, request)) as unknown as { status: { token: string } }
  const file = join(cluster.folder, 'kubeconfigs', `${namespace}.${name}.yaml`)
  writeFileSync(file, kubeconfig(cluster.folder, cluster.apiServer, name, status.token, namespace), { mode: 0o600 })
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    kubeconfig: file,
    kubernetes: createKubernetes({
      server: cluster.apiServer,
      certificateAuthority: certificateAuthority(cluster.folder),
      token: status.token,
    }),
  }
}
