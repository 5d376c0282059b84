import { labels, leaseSecretName } from '../../../../domain/names.ts'
import type { SeenLease } from '../../../../domain/observation.ts'
import type { LeaseGrant, LeaseName } from '../../cluster.ts'
import type { ApiObject } from './api-object.ts'
import { time } from './fields.ts'

/** What a lease says of itself outside its data, so that it can be read without its token. */
export const leaseAnnotations = {
  jobUid: 'specyard.dev/job-uid',
  tokenExpiresAt: 'specyard.dev/token-expires-at',
} as const

/**
 * The lease by the metadata of its Secret. One that was written by somebody else belongs to no Job that there is, and its token, of which nothing
 * is known, counts as expired.
 */
export function seenLease({ runId, attempt }: LeaseName, object: ApiObject): SeenLease {
  const annotations = object.metadata?.annotations ?? {}
  return {
    runId,
    attempt,
    jobUid: annotations[leaseAnnotations.jobUid] ?? '',
    tokenExpiresAt: time(annotations[leaseAnnotations.tokenExpiresAt]) ?? new Date(0),
  }
}

/**
 * The Secret of a lease. No Job owns it: it outlives the Job's deletion, so that a Job made again finds a lease that is not its own.
 * @param resourceVersion what is to be replaced; null for a new one
 */
export function leaseSecret(lease: LeaseGrant, resourceVersion: string | null): ApiObject & Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name: leaseSecretName(lease.runId, lease.attempt),
      namespace: lease.namespace,
      ...(resourceVersion === null ? {} : { resourceVersion }),
      labels: {
        'app.kubernetes.io/managed-by': 'specyard',
        [labels.jobId]: lease.runId,
        [labels.attempt]: String(lease.attempt),
      },
      annotations: {
        [leaseAnnotations.jobUid]: lease.jobUid,
        [leaseAnnotations.tokenExpiresAt]: lease.tokenExpiresAt.toISOString(),
      },
    },
    stringData: { token: lease.token, 'job-uid': lease.jobUid },
  }
}
