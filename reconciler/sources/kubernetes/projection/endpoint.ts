import { labels } from '../../../../domain/names.ts'
import type { SeenEndpoint } from '../../../../domain/observation.ts'
import type { ApiDeployment, ApiMetadata, ApiObject, ApiPod } from './api-object.ts'

/** Labels that the chart of endpoints gives to all its objects. */
export const endpointLabels = {
  chart: 'app.kubernetes.io/name',
  name: 'app.kubernetes.io/instance',
  environment: 'specyard.dev/environment',
} as const
export const endpointChart = 'serving-endpoint'
const modelDigestAnnotation = 'specyard.dev/model-digest'

/** A server that crashed so often is not starting any more. */
const crashesUntilFailing = 3

/** What is read of an endpoint's Deployment. */
export type SeenDeployment = Omit<SeenEndpoint, 'failing'> & { readonly stuck: boolean }

/** What is read of an endpoint's pod: only what keeps it from serving. */
export interface SeenServer {
  readonly namespace: string
  readonly endpoint: string
  readonly createdAt: string
  readonly waitingReason: string
  readonly waitingMessage: string
  readonly restarts: number
}

export function seenDeployment(object: ApiObject): SeenDeployment | undefined {
  const { metadata = {}, spec, status } = object as ApiDeployment
  const {
    [endpointLabels.environment]: environment,
    [labels.project]: project,
    [endpointLabels.name]: name,
  } = metadata.labels ?? {}
  if (!environment || !project || !name) return undefined
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, observedGeneration = 0, conditions = [] } = status ?? {}
  const wanted = spec?.replicas ?? 1
  const namespace = metadata.namespace ?? ''
  const progressing = conditions.find((one) => one.type === 'Progressing')
  const refused = conditions.find((one) => one.type === 'ReplicaFailure' && one.status === 'True')
  const stuck = progressing?.status === 'False' ? progressing : refused
  const available = conditions.find((one) => one.type === 'Available')
  const why = stuck ?? (available?.status === 'True' ? progressing : available)
  return {
    environment,
    project,
    name,
    namespace,
    framework: 'fastapi',
    resourceId: `${namespace}/${metadata.name ?? name}`,
    modelDigest: spec?.template?.metadata?.annotations?.[modelDigestAnnotation] ?? null,
    // As `kubectl rollout status` has it: pods of the release before do not count as this one's.
    current:
      observedGeneration >= (metadata.generation ?? 0) && updatedReplicas >= wanted && replicas <= updatedReplicas,
    replicas: wanted,
    readyReplicas,
    url: `http://${name}.${namespace}.svc`,
    reason: why?.reason ?? '',
    message: why?.message ?? '',
    stuck: stuck !== undefined,
  }
}

export function seenServer(object: ApiObject): SeenServer | undefined {
  const { metadata = {}, status } = object as ApiPod
  const endpoint = metadata.labels?.[endpointLabels.name]
  if (!endpoint || !isEndpoint(metadata)) return undefined
  const containers = status?.containerStatuses ?? []
  const waiting = containers.find((one) => one.state?.waiting)
  return {
    namespace: metadata.namespace ?? '',
    endpoint,
    createdAt: metadata.creationTimestamp ?? '',
    waitingReason: waiting?.state?.waiting?.reason ?? '',
    waitingMessage: waiting?.state?.waiting?.message ?? '',
    restarts: Math.max(0, ...containers.map((one) => one.restartCount ?? 0)),
  }
}

/** An endpoint by its Deployment and its pods: the Deployment alone says for minutes that it is on its way while its server crashes. */
export function seenEndpoint({ stuck, ...deployment }: SeenDeployment, servers: readonly SeenServer[]): SeenEndpoint {
  const newest = servers
    .filter((one) => one.namespace === deployment.namespace && one.endpoint === deployment.name)
    .sort((left, right) => (left.createdAt < right.createdAt ? -1 : left.createdAt > right.createdAt ? 1 : 0))
    .findLast((one) => one.waitingReason !== '')
  const image = newest !== undefined && /^(ImagePullBackOff|InvalidImageName)$/.test(newest.waitingReason)
  const crashed = newest?.waitingReason === 'CrashLoopBackOff' && newest.restarts >= crashesUntilFailing
  const why = newest === undefined ? {} : { reason: newest.waitingReason, message: newest.waitingMessage }
  return { ...deployment, ...why, failing: stuck || image || crashed }
}

function isEndpoint(metadata: ApiMetadata): boolean {
  return metadata.labels?.[endpointLabels.chart] === endpointChart
}
