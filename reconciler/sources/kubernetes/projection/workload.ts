import type { SeenWorkload } from '../../../../domain/observation.ts'
import type { ApiObject, ApiWorkload } from './api-object.ts'
import { conditions } from './fields.ts'

/** A Workload with the Job that it stands for. */
export interface SeenQueueing {
  readonly jobUid: string
  readonly workload: SeenWorkload
}

/** @see https://kueue.sigs.k8s.io/docs/concepts/workload/ */
export function seenQueueing(object: ApiObject): SeenQueueing | undefined {
  const { metadata = {}, status } = object as ApiWorkload
  const owner = metadata.ownerReferences?.find((one) => one.kind === 'Job' && one.controller === true)
  if (owner?.uid === undefined) return undefined
  return { jobUid: owner.uid, workload: { name: metadata.name ?? '', conditions: conditions(status?.conditions) } }
}
