import { ApiError } from '../api/api-error.ts'
import type { Api } from '../api/api.ts'
import type { ApiObject } from '../projection/api-object.ts'

/** Objects in one page. */
const pageObjects = 500
/** An expired page token starts the list again this often before it counts as failed. */
const startsMax = 3
const pageSilenceMilliseconds = 15_000

interface List {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly ApiObject[]
}

/**
 * Lists everything there is, page by page, as one consistent state. Each page is handed over as it comes, so that only what is kept of it stays
 * in memory.
 * @param path of the collection
 * @param page takes a page; `first` when what came before is to be forgotten, because the list began again
 * @returns the resourceVersion to watch from
 * @throws ApiError
 */
export async function listAll(
  api: Api,
  path: string,
  selector: string,
  page: (items: readonly ApiObject[], first: boolean) => void,
  signal: AbortSignal,
): Promise<string> {
  let token = ''
  let starts = 1
  for (;;) {
    const query = new URLSearchParams({ limit: String(pageObjects) })
    if (selector !== '') query.set('labelSelector', selector)
    if (token !== '') query.set('continue', token)
    let list: List
    try {
      const request = { path: `${path}?${query}`, silenceMilliseconds: pageSilenceMilliseconds, signal }
      list = (await api.json(request)) as List
    } catch (error) {
      // The state that the token stands for was compacted away meanwhile.
      const expired = error instanceof ApiError && error.status === 410 && token !== ''
      if (!expired || starts >= startsMax) throw error
      starts += 1
      token = ''
      continue
    }
    if (!Array.isArray(list.items) || !list.metadata?.resourceVersion) throw new ApiError('the answer is no list')
    page(list.items, token === '')
    token = list.metadata.continue ?? ''
    if (token === '') return list.metadata.resourceVersion
  }
}
