import type { SeenJob } from '../../../../domain/observation.ts'
import type { ApiJob, ApiObject } from './api-object.ts'
import { conditions, createdAt, deletionRequestedAt, runOf, type RunOfObject, shared, time } from './fields.ts'

export function seenJob(object: ApiObject): SeenJob | undefined {
  const run = runOf(object.metadata ?? {})
  return run && jobOf(object, run)
}

/**
 * A Job as one of a run, whatever its labels say.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/
 */
export function jobOf(object: ApiObject, run: RunOfObject): SeenJob {
  const { metadata = {}, spec, status } = object as ApiJob
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
    ...(metadata.deletionTimestamp && { finalizers: (metadata.finalizers ?? []).map(shared) }),
    // Another object has it: it is added when somebody looks.
    workload: null,
  }
}
