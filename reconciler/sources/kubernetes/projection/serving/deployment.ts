import type { ApiDeployment, ApiObject } from '../api-object.ts'
import { conditions } from '../fields.ts'
import { endpointOf, podDigestAnnotation, type SeenWorkload } from './labels.ts'

/** What is read of a Deployment of an endpoint: the endpoint's own, or the one that KServe makes for an InferenceService. */
export interface SeenDeployment extends SeenWorkload {
  /** Name of the InferenceService that it was made for. */
  readonly inferenceService: string | null
  /** What its pods are made of, where they say so. */
  readonly podDigest: string | null
}

/**
 * A Deployment as `kubectl rollout status` judges it: pods of the release before do not count as this one's, and what is said of an older
 * generation is not said of this one.
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
 */
export function seenDeployment(object: ApiObject): SeenDeployment | undefined {
  const { metadata = {}, spec, status } = object as ApiDeployment
  const found = endpointOf(metadata, spec?.template?.metadata)
  if (!found) return undefined
  const { of, isCandidate } = found
  const { replicas = 0, updatedReplicas = 0, availableReplicas, readyReplicas = 0 } = status ?? {}
  const told = conditions(status?.conditions)
  const generation = metadata.generation ?? 0
  const observedGeneration = status?.observedGeneration ?? 0
  const observed = observedGeneration >= generation
  const wanted = spec?.replicas ?? 1
  const progressing = told.find((one) => one.type === 'Progressing')
  const refused = told.find((one) => one.type === 'ReplicaFailure' && one.status === 'True')
  const stuck = observed ? (progressing?.status === 'False' ? progressing : refused) : undefined
  const available = told.find((one) => one.type === 'Available')
  const why = stuck ?? (available?.status === 'True' ? progressing : available)
  const owner = metadata.ownerReferences?.find((one) => one.kind === 'InferenceService' && one.controller === true)
  return {
    endpoint: {
      ...of,
      framework: 'fastapi',
      resourceId: `${of.namespace}/${metadata.name ?? of.name}`,
      current: observed && updatedReplicas >= wanted && replicas <= updatedReplicas,
      replicas: wanted,
      readyReplicas: availableReplicas ?? readyReplicas,
      url: `http://${metadata.name ?? of.name}.${of.namespace}.svc`,
      reason: why?.reason ?? '',
      message: why?.message ?? '',
      // It gave up: no progress in time, or its pods are refused.
      failing: stuck !== undefined,
      framed: { generation, observedGeneration, conditions: told },
    },
    isCandidate,
    inferenceService: owner ? (owner.name ?? '') : null,
    podDigest: spec?.template?.metadata?.annotations?.[podDigestAnnotation] ?? null,
  }
}
