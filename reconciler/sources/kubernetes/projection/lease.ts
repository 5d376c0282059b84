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

/** By which the API server knows what we wrote: the name that it makes of our user agent. */
export const fieldManager = 'specyard'

/** The Secret of a lease. No Job owns it: it outlives the Job's deletion, so that a Job made again finds a lease that is not its own. */
export function leaseSecret(lease: LeaseGrant): ApiObject & Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name: leaseSecretName(lease.runId, lease.attempt),
      namespace: lease.namespace,
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

/** What changes in the Secret of a lease that gets a fresh token: what others have written there stays. @param resourceVersion what is changed */
export function renewal({ token, tokenExpiresAt }: LeaseGrant, resourceVersion: string): Record<string, unknown> {
  const annotations = { [leaseAnnotations.tokenExpiresAt]: tokenExpiresAt.toISOString() }
  return { metadata: { resourceVersion, annotations }, stringData: { token } }
}

/** Who else has written what a renewal writes; null where nobody has. */
export function otherWriter({ metadata }: ApiObject): string | null {
  for (const { manager = '', fieldsV1 } of metadata?.managedFields ?? []) {
    const written = fieldsV1 as Written | undefined
    const isOurs =
      written?.['f:data']?.['f:token'] !== undefined ||
      written?.['f:metadata']?.['f:annotations']?.[`f:${leaseAnnotations.tokenExpiresAt}`] !== undefined
    if (isOurs && manager !== fieldManager) return manager
  }
  return null
}

interface Written {
  readonly 'f:data'?: Readonly<Record<string, unknown>>
  readonly 'f:metadata'?: { readonly 'f:annotations'?: Readonly<Record<string, unknown>> }
}
