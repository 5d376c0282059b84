import { ApiError } from './api/api-error.ts'
import type { Api } from './api/api.ts'
import { inParallel } from '../../parallel.ts'

const requestsAtOnce = 8
const annotation = 'argocd.argoproj.io/refresh'

/**
 * Asks Argo CD to look at the deploy repository now, for these Applications. One that is not there yet is made by the root Application, which
 * looks by itself.
 *
 * Argo CD takes the annotation away when it has looked, and overlooks it now and then: it puts its own writes into its copy of an Application, also
 * over a newer one. The annotation stays then, and to write the same again would be no change, of which nobody is told: so what an earlier request
 * has left is taken away first.
 * @throws ApiError
 * @see https://argo-cd.readthedocs.io/en/stable/user-guide/annotations-and-labels/
 */
export async function refreshApplications(api: Api, namespace: string, names: readonly string[]): Promise<void> {
  const annotate = (name: string, value: string | null) =>
    api.json({
      method: 'PATCH',
      path: `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}?fieldManager=specyard`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations: { [annotation]: value } } },
    })
  await inParallel([...new Set(names)], requestsAtOnce, async (name) => {
    try {
      await annotate(name, null)
      await annotate(name, 'normal')
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error
    }
  })
}
