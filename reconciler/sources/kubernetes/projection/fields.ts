import { labels } from '../../../../domain/names.ts'
import type { SeenCondition } from '../../../../domain/observation.ts'
import type { ApiCondition, ApiMetadata } from './api-object.ts'

/** What thousands of objects say alike is kept once: each object of JSON has texts and times of its own. Begun anew when it is full. */
const sharedMax = 20_000
const texts = new Map<string, string>()
const times = new Map<string, Date>()

/** The same text, the one that is kept already. For what is said by many objects alike: reasons, messages, nodes, digests. */
export function shared(text: string): string {
  const known = texts.get(text)
  if (known !== undefined) return known
  if (texts.size >= sharedMax) texts.clear()
  texts.set(text, text)
  return text
}

/** @returns a date that others have too: never to be changed */
export function time(text: string | null | undefined): Date | null {
  if (text == null) return null
  const known = times.get(text)
  if (known) return known
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) return null
  if (times.size >= sharedMax) times.clear()
  times.set(text, at)
  return at
}

/** When it was made; the beginning of time for an object that does not say so, of which there is none in a cluster. */
export function createdAt(metadata: ApiMetadata): Date {
  return time(metadata.creationTimestamp) ?? new Date(0)
}

/** When its deletion was asked for: its object says when the grace ends. */
export function deletionRequestedAt(metadata: ApiMetadata): Date | null {
  const at = time(metadata.deletionTimestamp)
  return at && new Date(at.getTime() - (metadata.deletionGracePeriodSeconds ?? 0) * 1000)
}

export function conditions(given: readonly ApiCondition[] | undefined): readonly SeenCondition[] {
  return (given ?? []).map(({ type = '', status, reason = '', message = '', lastTransitionTime }) => ({
    type: shared(type),
    status: status === 'True' ? 'True' : status === 'False' ? 'False' : 'Unknown',
    reason: shared(reason),
    message: shared(message),
    at: time(lastTransitionTime),
  }))
}

/** Which attempt of which run an object belongs to. */
export interface RunOfObject {
  readonly runId: string
  readonly attempt: number
}

/** Run and attempt by the labels of a Job or of its pod; undefined where it is none of ours. */
export function runOf(metadata: ApiMetadata): RunOfObject | undefined {
  const runId = metadata.labels?.[labels.jobId] ?? ''
  const attempt = Number(metadata.labels?.[labels.attempt])
  return runId !== '' && Number.isSafeInteger(attempt) && attempt > 0 ? { runId, attempt } : undefined
}
