import type { SeenEvent } from '../../../domain/observation.ts'
import { eventsMax } from '../cluster.ts'
import type { Api } from './api/api.ts'
import type { ApiObject } from './projection/api-object.ts'
import { seenEvent } from './projection/event.ts'

/** Of one object there are a handful; one that is told of more has lost nothing that matters with the rest. */
const readMax = 200

/**
 * What the cluster's parts told of one object. It is asked for and not followed: events are many, and are needed once, at an end.
 * @throws ApiError
 */
export async function readEvents(
  api: Api,
  { namespace, uid }: { readonly namespace: string; readonly uid: string },
): Promise<readonly SeenEvent[]> {
  const query = new URLSearchParams({ fieldSelector: `involvedObject.uid=${uid}`, limit: String(readMax) })
  const list = await api.json({ path: `/api/v1/namespaces/${namespace}/events?${query}` })
  const { items = [] } = list as { readonly items?: readonly ApiObject[] }
  return items
    .map(seenEvent)
    .sort((left, right) => milliseconds(left) - milliseconds(right))
    .slice(-eventsMax)
}

function milliseconds({ lastAt }: SeenEvent): number {
  return lastAt?.getTime() ?? 0
}
