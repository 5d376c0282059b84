import type { ForeignApplication, ForeignJob, ForeignPod } from '../../../observed/cluster.ts'
import { workloadsOf } from '../collections.ts'
import type { SeenQueueing } from '../projection/workload.ts'
import type { AccessRule } from '../rules.ts'
import type { Collection } from '../watch/mirror.ts'
import { foreignApplication } from './application.ts'
import { foreignJob, foreignPod } from './objects.ts'

/*
 * What is read of a cluster that is none of ours, and what an identity must be allowed for it. Three verbs, none of which changes anything; no
 * Secrets, no ConfigMaps, no logs.
 */

/** In each namespace with Jobs. */
export const observedProjectRules: readonly AccessRule[] = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
  // Why a Job has no pods: its own status does not say it.
  { apiGroups: [''], resources: ['events'], verbs: ['list'] },
  // Why a queue holds a Job back. Where Kueue is not installed it allows nothing.
  { apiGroups: ['kueue.x-k8s.io'], resources: ['workloads'], verbs: ['list', 'watch'] },
]

/** In the namespace of Argo CD. */
export const observedArgocdRules: readonly AccessRule[] = [
  { apiGroups: ['argoproj.io'], resources: ['applications'], verbs: ['list', 'watch'] },
]

export function foreignJobs(namespace: string): Collection<ForeignJob> {
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs`
  return { name: `jobs in ${namespace}`, path, selector: '', project: foreignJob }
}

/** Of Jobs alone, also of those that are gone: the Job controller marks each pod that it makes. */
export function foreignPods(namespace: string): Collection<ForeignPod> {
  const path = `/api/v1/namespaces/${namespace}/pods`
  return {
    name: `pods in ${namespace}`,
    path,
    selector: 'batch.kubernetes.io/controller-uid',
    project: foreignPod,
  }
}

export function foreignWorkloads(namespace: string): Collection<SeenQueueing> {
  return workloadsOf(namespace)
}

export function foreignApplications(namespace: string): Collection<ForeignApplication> {
  return {
    name: `applications in ${namespace}`,
    path: { group: 'argoproj.io', rest: `namespaces/${namespace}/applications` },
    selector: '',
    project: foreignApplication,
  }
}
