import { ApiError } from './api/api-error.ts'
import type { Api } from './api/api.ts'
import { inParallel } from '../../parallel.ts'

const requestsAtOnce = 8

/**
 * Asks Argo CD to look at the deploy repository now, for these Applications. One that is not there yet is made by the root Application, which
 * looks by itself.
 * @throws ApiError
 * @see https://argo-cd.readthedocs.io/en/stable/user-guide/annotations-and-labels/
 */
export async function refreshApplications(api: Api, namespace: string, names: readonly string[]): Promise<void> {
  await inParallel([...new Set(names)], requestsAtOnce, async (name) => {
    try {
      await api.json({
        method: 'PATCH',
        path: `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}?fieldManager=specyard`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } },
      })
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error
    }
  })
}
