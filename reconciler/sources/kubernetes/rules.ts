/*
 * What an identity must be allowed so that a cluster can be followed, and not a verb more. Charts and docs quote it; a test takes each verb away
 * and names what no longer works.
 *
 * Nothing here creates, changes or deletes a workload. Secrets are read by name alone: who may list or watch them reads every one of a namespace.
 * Beside these everybody who is let in may ask which groups there are (`system:discovery`, which Kubernetes gives to all).
 */

export interface AccessRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/** In the namespace of each project. */
export const projectRules: readonly AccessRule[] = [
  // Trainings, followed.
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'watch'] },
  // Pods of trainings and of endpoints, followed.
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
  // The last lines of a trainer that has ended.
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  // What the cluster's parts told of a Job or pod that has ended, and why a Job may make no pod.
  { apiGroups: [''], resources: ['events'], verbs: ['list'] },
  // Leases: granted, read by name, renewed, removed.
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create', 'patch', 'delete'] },
  // Endpoints, followed.
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['list', 'watch'] },
  // Endpoints of KServe and of Ray, followed. Where these are not installed it allows nothing.
  { apiGroups: ['serving.kserve.io'], resources: ['inferenceservices'], verbs: ['list', 'watch'] },
  { apiGroups: ['ray.io'], resources: ['rayservices'], verbs: ['list', 'watch'] },
  // Why a queue holds a training back. Where Kueue is not installed it allows nothing.
  { apiGroups: ['kueue.x-k8s.io'], resources: ['workloads'], verbs: ['list', 'watch'] },
]

/** In the namespace of Specyard itself, where several reconcilers choose one that leads. */
export const leadershipRules: readonly AccessRule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
]

/** In the namespace of Argo CD. */
export const argocdRules: readonly AccessRule[] = [
  // What was synced, followed; and the annotation that asks for a sync now.
  { apiGroups: ['argoproj.io'], resources: ['applications'], verbs: ['list', 'watch', 'patch'] },
]
