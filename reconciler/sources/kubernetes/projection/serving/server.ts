import type { ApiContainerStatus, ApiObject, ApiPod } from '../api-object.ts'
import { endpointChart, endpointLabels, nameOf } from './labels.ts'

/** What is read of an endpoint's pod: only what keeps it from serving. */
export interface SeenServer {
  readonly namespace: string
  readonly endpoint: string
  readonly isCandidate: boolean
  readonly createdAt: string
  readonly waitingReason: string
  readonly waitingMessage: string
  readonly restarts: number
}

/** A server that crashed so often is not starting any more. */
const crashesUntilFailing = 3

export function seenServer(object: ApiObject): SeenServer | undefined {
  const { metadata = {}, status } = object as ApiPod
  const instance = metadata.labels?.[endpointLabels.name]
  if (!instance || metadata.labels?.[endpointLabels.chart] !== endpointChart) return undefined
  const isCandidate = metadata.labels[endpointLabels.track] === 'candidate'
  // What fetches a model runs before the server does.
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  const waiting = containers.find(isHeld)?.state?.waiting
  return {
    namespace: metadata.namespace ?? '',
    endpoint: nameOf(instance, isCandidate),
    isCandidate,
    createdAt: metadata.creationTimestamp ?? '',
    waitingReason: waiting?.reason ?? '',
    waitingMessage: waiting?.message ?? '',
    restarts: Math.max(0, ...containers.map((one) => one.restartCount ?? 0)),
  }
}

/** Whether a container waits for something else than the one before it. */
function isHeld({ state }: ApiContainerStatus): boolean {
  return state?.waiting !== undefined && state.waiting.reason !== 'PodInitializing'
}

/** Why the newest of some pods does not serve, and whether that will not pass; undefined where none is held up. */
export function heldUp(
  servers: readonly SeenServer[],
): { readonly reason: string; readonly message: string; readonly failing: boolean } | undefined {
  const newest = [...servers]
    .sort((left, right) => (left.createdAt < right.createdAt ? -1 : left.createdAt > right.createdAt ? 1 : 0))
    .findLast((one) => one.waitingReason !== '')
  if (!newest) return undefined
  const { waitingReason: reason, waitingMessage: message, restarts } = newest
  const image = /^(ImagePullBackOff|InvalidImageName)$/.test(reason)
  return { reason, message, failing: image || (reason === 'CrashLoopBackOff' && restarts >= crashesUntilFailing) }
}
