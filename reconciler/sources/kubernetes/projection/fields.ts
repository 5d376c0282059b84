import { labels } from '../../../../domain/names.ts'
import type { SeenCondition } from '../../../../domain/observation.ts'
import type { ApiCondition, ApiMetadata } from './api-object.ts'

export function time(text: string | null | undefined): Date | null {
  if (text == null) return null
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? null : at
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
    type,
    status: status === 'True' || status === 'False' ? status : 'Unknown',
    reason,
    message,
    at: time(lastTransitionTime),
  }))
}

/** Run and attempt by the labels of a Job or of its pod; undefined where it is none of ours. */
export function runOf(metadata: ApiMetadata): { readonly runId: string; readonly attempt: number } | undefined {
  const runId = metadata.labels?.[labels.jobId] ?? ''
  const attempt = Number(metadata.labels?.[labels.attempt])
  return runId !== '' && Number.isSafeInteger(attempt) && attempt > 0 ? { runId, attempt } : undefined
}
