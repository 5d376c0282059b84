import type { SeenJob } from '../../../../domain/observation.ts'
import type { ApiJob, ApiObject } from './api-object.ts'
import { conditions, createdAt, deletionRequestedAt, runOf, shared, time } from './fields.ts'

/** @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ */
export function seenJob(object: ApiObject): SeenJob | undefined {
  const { metadata = {}, spec, status } = object as ApiJob
  const run = runOf(metadata)
  if (!run) return undefined
  return {
    name: metadata.name ?? '',
    namespace: shared(metadata.namespace ?? ''),
    uid: metadata.uid ?? '',
    ...run,
    createdAt: createdAt(metadata),
    startedAt: time(status?.startTime),
    suspended: spec?.suspend ?? false,
    conditions: conditions(status?.conditions),
    active: status?.active ?? 0,
    ready: status?.ready ?? 0,
    succeeded: status?.succeeded ?? 0,
    failed: status?.failed ?? 0,
    deletionRequestedAt: deletionRequestedAt(metadata),
    // Another object has it: it is added when somebody looks.
    workload: null,
  }
}
