import type { SeenCandidate, SeenEndpoint } from '../../../../../domain/observation.ts'
import type { SeenDeployment } from './deployment.ts'
import { notObserved, type SeenInferenceService } from './inference-service.ts'
import type { SeenWorkload } from './labels.ts'
import { heldUp, type SeenServer } from './server.ts'

/** What a cluster has of endpoints: each of the three kinds of workload, and their pods. */
export interface ServingObjects {
  readonly deployments: readonly SeenDeployment[]
  readonly inferenceServices: readonly SeenInferenceService[]
  readonly rayServices: readonly SeenWorkload[]
  readonly servers: readonly SeenServer[]
}

/**
 * The endpoints of a cluster, each by its framework's own word and by its pods: the framework alone says for minutes that it is on its way while
 * its server crashes. A candidate is told of with the endpoint that it stands beside; one that stands alone is none.
 */
export function seenEndpoints(objects: ServingObjects): readonly SeenEndpoint[] {
  const { deployments, inferenceServices, rayServices, servers } = objects
  const workloads: readonly SeenWorkload[] = [
    ...deployments.filter((one) => one.inferenceService === null),
    ...inferenceServices.map((one) => ({ ...one, endpoint: withDeployments(one, deployments) })),
    ...rayServices,
  ]
  const judged = workloads.map((one) => withServers(one, servers))
  const candidates = judged.filter((one) => one.isCandidate)
  return judged.flatMap(({ endpoint, isCandidate }) => {
    if (isCandidate) return []
    const beside = candidates.find((one) => sameEndpoint(one.endpoint, endpoint))
    return [beside ? { ...endpoint, candidate: candidateOf(beside.endpoint) } : endpoint]
  })
}

function sameEndpoint(left: SeenEndpoint, right: SeenEndpoint): boolean {
  return left.name === right.name && left.project === right.project && left.namespace === right.namespace
}

function candidateOf(seen: SeenEndpoint): SeenCandidate {
  const { resourceId, modelDigest, revision, current, replicas, readyReplicas, reason, message, failing, framed } = seen
  return {
    ...{ resourceId, modelDigest, current, replicas, readyReplicas, reason, message, failing },
    ...(revision !== undefined && { revision }),
    ...(framed && { framed }),
  }
}

/** In Standard mode KServe's Deployment has the last word: `Ready` may be true before it is made of the newest spec, or has rolled out. */
function withDeployments(
  { endpoint, objectName, isStandard, podDigest }: SeenInferenceService,
  deployments: readonly SeenDeployment[],
): SeenEndpoint {
  if (!isStandard) return endpoint
  const below = deployments.filter(
    (one) => one.inferenceService === objectName && one.endpoint.namespace === endpoint.namespace,
  )
  const counted = below.length > 0 && {
    replicas: sum(below.map((one) => one.endpoint.replicas)),
    readyReplicas: sum(below.map((one) => one.endpoint.readyReplicas)),
  }
  const isOld = below.some((one) => !one.isCandidate && one.podDigest !== podDigest)
  if (isOld) return { ...endpoint, ...counted, ...notObserved, current: false, failing: false }
  const stuck = below.find((one) => one.endpoint.failing)
  const late = stuck ?? below.find((one) => !one.endpoint.current)
  return {
    ...endpoint,
    ...counted,
    current: endpoint.current && below.length > 0 && !late,
    failing: endpoint.failing || stuck !== undefined,
    ...(late && !endpoint.failing && { reason: late.endpoint.reason, message: late.endpoint.message }),
  }
}

function withServers({ endpoint, isCandidate }: SeenWorkload, servers: readonly SeenServer[]): SeenWorkload {
  const own = servers.filter(
    (one) => one.namespace === endpoint.namespace && one.endpoint === endpoint.name && one.isCandidate === isCandidate,
  )
  const held = heldUp(own)
  if (!held) return { endpoint, isCandidate }
  // What the framework says of a failure is nearer to it than what the kubelet says of a pod; of KServe and Ray it names the model too.
  const keeps = endpoint.failing && endpoint.framework !== 'fastapi'
  const words = keeps ? {} : { reason: held.reason, message: held.message }
  return { endpoint: { ...endpoint, ...words, failing: endpoint.failing || held.failing }, isCandidate }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
