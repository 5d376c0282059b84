import { ApiError } from '../api/api-error.ts'
import { type Api, unanswered } from '../api/api.ts'
import { createItemCutter } from '../api/items.ts'
import type { ApiObject } from '../projection/api-object.ts'

/** Objects in one page. */
const pageObjects = 500
/** A page of objects of the largest size there is would have more; ours have a hundredth. */
const pageBytesMax = 256 * 1024 * 1024
/** An expired page token starts the list again this often before it counts as failed. */
const startsMax = 3
const pageSilenceMilliseconds = 15_000

/** Takes objects as they come; `first` when what came before is to be forgotten, because the list begins (again). */
export type TakeObjects = (objects: readonly ApiObject[], first: boolean) => void

/**
 * Lists everything there is, page by page, as one consistent state. Objects are handed over as they come, so that only what is kept of them stays
 * in memory.
 * @param path of the collection
 * @returns the resourceVersion to watch from
 * @throws ApiError
 */
export async function listAll(
  api: Api,
  path: string,
  selector: string,
  take: TakeObjects,
  signal: AbortSignal,
): Promise<string> {
  let token = ''
  let starts = 1
  for (;;) {
    const query = new URLSearchParams({ limit: String(pageObjects) })
    if (selector !== '') query.set('labelSelector', selector)
    if (token !== '') query.set('continue', token)
    let page: Page
    try {
      page = await readPage(api, `${path}?${query}`, token === '', take, signal)
    } catch (error) {
      // The state that the token stands for was compacted away meanwhile.
      const expired = error instanceof ApiError && error.status === 410 && token !== ''
      if (!expired || starts >= startsMax) throw error
      starts += 1
      token = ''
      continue
    }
    token = page.next
    if (token === '') return page.resourceVersion
  }
}

interface Page {
  readonly resourceVersion: string
  /** Token of the next page; empty when this was the last. */
  readonly next: string
}

interface List {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: unknown
}

async function readPage(api: Api, path: string, first: boolean, take: TakeObjects, signal: AbortSignal): Promise<Page> {
  const response = await api.open({ path, silenceMilliseconds: pageSilenceMilliseconds, signal })
  const cutter = createItemCutter()
  if (first) take([], true)
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > pageBytesMax) throw new ApiError(`a page of the list has more than ${pageBytesMax} bytes`)
      take(cutter.cut(chunk).map(parse) as ApiObject[], false)
    }
  } catch (error) {
    throw unanswered(error)
  }
  const { metadata, items } = (parse(cutter.rest()) ?? {}) as List
  if (!Array.isArray(items) || !metadata?.resourceVersion) throw new ApiError('the answer is no list')
  return { resourceVersion: metadata.resourceVersion, next: metadata.continue ?? '' }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ApiError('the answer is not JSON', { cause })
  }
}
