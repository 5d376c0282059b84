import { resource } from '../../cluster/base/kubernetes.ts'
import type { Cluster } from '../../cluster/support/cluster.ts'

const group = 'argoproj.io'
const name = `applications.${group}`

/** Makes the API server know Applications, where no Argo CD has: as objects alone, which nobody acts upon. */
export async function serveApplications({ kubernetes }: Cluster): Promise<void> {
  const path = resource('apiextensions.k8s.io/v1', 'customresourcedefinitions', null, name)
  if ((await kubernetes.get(path)) !== undefined) return
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  await kubernetes.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group,
      names: { kind: 'Application', plural: 'applications', singular: 'application' },
      scope: 'Namespaced',
      versions: [{ name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema: open } }],
    },
  })
  await kubernetes.until<Definition>(path, 'to be served', ({ status }) =>
    status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True'),
  )
}

interface Definition {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}
