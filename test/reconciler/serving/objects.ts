import type { ApiObject } from '../../../reconciler/sources/kubernetes/projection/api-object.ts'

/** Objects as Kubernetes, KServe and KubeRay write them, for the sentences about what is seen of endpoints. */

export interface Written {
  readonly name?: string
  readonly generation?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly { kind: string; name: string; uid: string; controller: boolean }[]
  readonly spec?: object
  readonly status?: object
}

export function object({
  name = 'handbook',
  generation = 2,
  labels,
  annotations,
  ownerReferences,
  ...rest
}: Written): ApiObject {
  const candidate = labels?.['specyard.dev/track'] === 'candidate'
  const metadata = {
    ...{ name: candidate ? `${name}-candidate` : name, namespace: 'ml', uid: name, resourceVersion: '1', generation },
    labels: {
      'app.kubernetes.io/name': 'serving-endpoint',
      'app.kubernetes.io/instance': candidate ? `${name}-candidate` : name,
      'specyard.dev/environment': 'dev',
      'specyard.dev/project': 'language',
      ...labels,
    },
    annotations: { 'specyard.dev/model-digest': 'sha256:new', ...annotations },
    ...(ownerReferences && { ownerReferences }),
  }
  return { metadata, ...rest } as ApiObject
}

export function condition(type: string, status: 'True' | 'False' | 'Unknown', reason = '', message = ''): object {
  return { type, status, reason, message, lastTransitionTime: '2026-03-01T12:00:00Z' }
}

export const candidateLabels = { 'specyard.dev/track': 'candidate' }
