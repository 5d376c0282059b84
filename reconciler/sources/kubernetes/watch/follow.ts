import { ApiError, errorOf } from '../api/api-error.ts'
import { type Api, unanswered } from '../api/api.ts'
import { createLineCutter } from '../api/lines.ts'
import type { ApiObject } from '../projection/api-object.ts'

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: ApiObject
}

export interface WatchRequest {
  readonly path: string
  readonly selector: string
  readonly resourceVersion: string
  /** The server ends the watch after so long, which proves that it was alive until then. */
  readonly watchSeconds: number
  /**
   * The connection counts as dead when not a byte came for so long, and when the watch goes on for half as long after its end: what drips is as
   * stale as what is silent. More than `watchSeconds`.
   */
  readonly silenceMilliseconds: number
  readonly signal: AbortSignal
}

/**
 * Hands over the events of one watch until the server ends it.
 * @param alive called when the watch stands and whenever a whole line has come
 * @throws ApiError when it breaks, is refused, tells an error (410: what came before is forgotten) or falls silent
 */
export async function follow(
  api: Api,
  request: WatchRequest,
  event: (event: WatchEvent) => void,
  alive: () => void,
): Promise<void> {
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: request.resourceVersion,
    timeoutSeconds: String(request.watchSeconds),
  })
  if (request.selector !== '') query.set('labelSelector', request.selector)
  const { silenceMilliseconds, signal } = request
  const response = await api.open({ path: `${request.path}?${query}`, silenceMilliseconds, signal })
  alive()
  const endless = new ApiError(`the watch went on long after its ${request.watchSeconds} s`, { silent: true })
  const timer = setTimeout(() => response.destroy(endless), request.watchSeconds * 1000 + silenceMilliseconds / 2)
  const cut = createLineCutter()
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (const line of cut(chunk)) {
        event(eventOf(line))
        alive()
      }
    }
  } catch (error) {
    throw unanswered(error)
  } finally {
    clearTimeout(timer)
  }
}

/** @throws ApiError for a line that is no event, and for an event that is an error */
export function eventOf(line: string): WatchEvent {
  let value: { type?: unknown; object?: unknown }
  try {
    value = JSON.parse(line) as typeof value
  } catch (cause) {
    throw new ApiError('a line of the watch is not JSON', { cause })
  }
  const object = value?.object
  if (value?.type === 'ERROR') throw errorOf(500, JSON.stringify(object ?? null), undefined)
  const isEvent =
    typeof object === 'object' && object !== null && /^(ADDED|MODIFIED|DELETED|BOOKMARK)$/.test(String(value.type))
  if (!isEvent) throw new ApiError('a line of the watch is no event')
  return value as WatchEvent
}
