import { labels } from '../../../../../domain/names.ts'
import type { SeenEndpoint } from '../../../../../domain/observation.ts'
import type { ApiMetadata } from '../api-object.ts'

/** Labels that the chart of endpoints gives to all its objects. */
export const endpointLabels = {
  chart: 'app.kubernetes.io/name',
  name: 'app.kubernetes.io/instance',
  environment: 'specyard.dev/environment',
  /** Of a rollout: `candidate`, else `stable` or nothing. */
  track: 'specyard.dev/track',
} as const
export const endpointChart = 'serving-endpoint'

const modelDigestAnnotation = 'specyard.dev/model-digest'
/** Of what a predictor of KServe makes its pods of, and each of those pods. */
export const podDigestAnnotation = 'specyard.dev/pod-digest'
const revisionAnnotation = 'specyard.dev/revision'

/** What the chart writes onto each of its workloads. */
export type EndpointOfObject = Pick<
  SeenEndpoint,
  'environment' | 'project' | 'name' | 'namespace' | 'modelDigest' | 'revision'
>

/** A workload of an endpoint: the stable release's, or that of the candidate beside it. */
export interface SeenWorkload {
  readonly endpoint: SeenEndpoint
  readonly isCandidate: boolean
}

/**
 * Whose workload an object is, by its labels; undefined where it is none of the chart's.
 * @param template metadata of its pods, where they say more than the object itself
 */
export function endpointOf(
  metadata: ApiMetadata,
  template: ApiMetadata = {},
): { readonly of: EndpointOfObject; readonly isCandidate: boolean } | undefined {
  const { labels: given = {}, annotations = {}, namespace = '' } = metadata
  const environment = given[endpointLabels.environment]
  const project = given[labels.project]
  const instance = given[endpointLabels.name]
  if (!environment || !project || !instance) return undefined
  const isCandidate = given[endpointLabels.track] === 'candidate'
  const revision = Number(annotations[revisionAnnotation])
  const of = {
    ...{ environment, project, name: nameOf(instance, isCandidate), namespace },
    modelDigest: template.annotations?.[modelDigestAnnotation] ?? annotations[modelDigestAnnotation] ?? null,
    revision: Number.isSafeInteger(revision) && revision > 0 ? revision : null,
  }
  return { of, isCandidate }
}

/** The endpoint that an instance is of: the candidate's objects have a name of their own, since selectors may never overlap. */
export function nameOf(instance: string, isCandidate: boolean): string {
  return isCandidate ? instance.replace(/-candidate$/, '') : instance
}
