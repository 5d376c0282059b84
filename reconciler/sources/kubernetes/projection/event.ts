import type { SeenEvent } from '../../../../domain/observation.ts'
import type { ApiEvent, ApiObject } from './api-object.ts'
import { time } from './fields.ts'

const messageCharactersMax = 1024

/**
 * Older parts count an event in `count` and two timestamps; newer ones tell `eventTime` and, when it comes again, a `series`.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
export function seenEvent(object: ApiObject): SeenEvent {
  const event = object as ApiEvent
  const { involvedObject: about, series } = event
  const firstAt = time(event.firstTimestamp) ?? time(event.eventTime) ?? time(event.metadata?.creationTimestamp)
  return {
    type: event.type === 'Warning' ? 'Warning' : 'Normal',
    reason: event.reason ?? '',
    message: (event.message ?? '').slice(0, messageCharactersMax),
    object: `${about?.kind ?? ''}/${about?.name ?? ''}`,
    component: event.source?.component || event.reportingComponent || '',
    count: series?.count ?? event.count ?? 1,
    firstAt,
    lastAt: time(series?.lastObservedTime) ?? time(event.lastTimestamp) ?? firstAt,
  }
}
