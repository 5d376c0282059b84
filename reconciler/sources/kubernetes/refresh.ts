import { ApiError } from './api/api-error.ts'
import type { Api } from './api/api.ts'
import { inParallel } from '../../parallel.ts'
import type { ApiObject } from './projection/api-object.ts'
import { fieldManager } from './projection/lease.ts'

const requestsAtOnce = 8
const triesMax = 5
const annotation = 'argocd.argoproj.io/refresh'
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'

/**
 * Asks Argo CD to look at the deploy repository now, for these Applications. One that is not there yet is made by the root Application, which
 * looks by itself.
 *
 * Argo CD takes the annotation away when it has looked, and overlooks it now and then: it puts its own writes into its copy of an Application, also
 * over a newer one. The annotation stays then, and to write the same again would be no change, of which nobody is told: so what an earlier request
 * has left is taken away first. What somebody else asks for in the same place (`hard`: without what Argo CD remembers) is more than we do, and stays.
 * @throws ApiError
 * @see https://argo-cd.readthedocs.io/en/stable/user-guide/annotations-and-labels/
 */
export async function refreshApplications(api: Api, namespace: string, names: readonly string[]): Promise<void> {
  await inParallel([...new Set(names)], requestsAtOnce, async (name) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await refresh(api, `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}`)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (error.status === 404) return
        // Argo CD has written it between our look and our write.
        if (error.status !== 409 || tries >= triesMax) throw error
      }
    }
  })
}

async function refresh(api: Api, path: string): Promise<void> {
  const patch = async (body: object): Promise<ApiObject> =>
    (await api.json({
      method: 'PATCH',
      path: `${path}?fieldManager=${fieldManager}`,
      contentType: 'application/merge-patch+json',
      accept: metadataOnly,
      body,
    })) as ApiObject
  const annotate = (value: string | null, { metadata }: ApiObject): Promise<ApiObject> =>
    patch({ metadata: { resourceVersion: metadata?.resourceVersion ?? '', annotations: { [annotation]: value } } })
  // A patch of nothing changes nothing and answers with what is there, by the one verb that is needed anyway.
  let there = await patch({})
  const standing = there.metadata?.annotations?.[annotation]
  if (standing !== undefined && standing !== 'normal') return
  if (standing !== undefined) there = await annotate(null, there)
  await annotate('normal', there)
}
