import type { SeenRefusal } from '../../../domain/observation.ts'
import type { Api } from './api/api.ts'
import type { ApiEvent } from './projection/api-object.ts'
import { seenEvent } from './projection/event.ts'

/*
 * Why Jobs have no pods. A Job whose pods are forbidden, by a ResourceQuota, a LimitRange, a policy or a webhook, says nothing of it in its own
 * status: the Job controller tells it as an event, and tries again with growing pauses of at most a minute.
 */

/** The word of the Job controller for it, which other controllers use too. */
const failedCreate = 'FailedCreate'
/** All runs of one look, and of the next ones, are told from one list. */
const rememberedMilliseconds = 5000
const pageEvents = 500
/** Of more, Jobs beyond wait without a reason of their own; each Job has some ten of them at most. */
const pagesMax = 20

export interface Refusals {
  /** The newest of each Job. @throws ApiError */
  of(namespace: string): Promise<readonly SeenRefusal[]>
}

/** They are asked for where a Job lacks pods, and not followed: a cluster that refuses nothing is asked nothing. */
export function openRefusals(api: Pick<Api, 'json'>, milliseconds = (): number => performance.now()): Refusals {
  const remembered = new Map<string, { readonly until: number; readonly refusals: Promise<readonly SeenRefusal[]> }>()
  return {
    of: (namespace) => {
      const known = remembered.get(namespace)
      if (known && known.until > milliseconds()) return known.refusals
      const refusals = readRefusals(api, namespace)
      remembered.set(namespace, { until: milliseconds() + rememberedMilliseconds, refusals })
      // What failed is asked again by the next one who wants to know.
      refusals.catch(() => remembered.delete(namespace))
      return refusals
    },
  }
}

async function readRefusals(api: Pick<Api, 'json'>, namespace: string): Promise<readonly SeenRefusal[]> {
  const newest = new Map<string, SeenRefusal>()
  let token = ''
  for (let page = 0; page < pagesMax; page += 1) {
    const fieldSelector = `involvedObject.kind=Job,reason=${failedCreate}`
    const query = new URLSearchParams({ fieldSelector, limit: String(pageEvents), ...(token && { continue: token }) })
    const list = (await api.json({ path: `/api/v1/namespaces/${namespace}/events?${query}` })) as EventList
    for (const event of list.items ?? []) {
      const refusal = seenRefusal(event)
      const known = refusal && newest.get(refusal.jobUid)
      if (refusal && (!known || timeOf(known) <= timeOf(refusal))) newest.set(refusal.jobUid, refusal)
    }
    token = list.metadata?.continue ?? ''
    if (token === '') break
  }
  return [...newest.values()]
}

/** The same refusal has the same words: without the name that the pod would have had, which is another with every try. */
function seenRefusal(event: ApiEvent): SeenRefusal | undefined {
  const { uid: jobUid, name = '' } = event.involvedObject ?? {}
  if (jobUid === undefined || name === '') return undefined
  const { message, lastAt } = seenEvent(event)
  const words = message.replace(/^\(combined from similar events\): /, '')
  return { jobUid, message: words.replace(new RegExp(`${name}(-\\d+)?-[a-z0-9]{5}\\b`, 'g'), name), at: lastAt }
}

interface EventList {
  readonly metadata?: { readonly continue?: string }
  readonly items?: readonly ApiEvent[]
}

function timeOf({ at }: SeenRefusal): number {
  return at?.getTime() ?? 0
}
