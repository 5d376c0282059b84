import type { SeenCandidate, SeenEndpoint } from '../../domain/observation.ts'
import type { Kubelet } from '../kubelet/kubelet.ts'
import type { DesiredEndpoint } from '../store/objects.ts'
import type { World } from '../world.ts'
import {
  crashesUntilFailing,
  type Instance,
  progressDeadlineSeconds,
  type Serving,
  type WantedTrack,
} from './serving.ts'
import { isReady } from './tracks.ts'

/** An endpoint as the reconciler sees it. */
export function seenEndpoint(world: World, kubelet: Kubelet, serving: Serving, desired: DesiredEndpoint): SeenEndpoint {
  const { values, namespace } = desired
  const resourceId = `${namespace}/${values.name}`
  const candidate = serving.wanted.get('candidate')
  return {
    environment: values.environment,
    project: values.project,
    name: values.name,
    namespace,
    framework: values.framework,
    ...seenTrack(world, kubelet, serving, serving.wanted.get('stable'), resourceId),
    url: serving.service ? `http://127.0.0.1:${serving.service.port}${values.route.replace(/\/$/, '')}` : null,
    ...(candidate ? { candidate: seenTrack(world, kubelet, serving, candidate, `${resourceId}-candidate`) } : {}),
  }
}

function seenTrack(
  world: World,
  kubelet: Kubelet,
  serving: Serving,
  wanted: WantedTrack | undefined,
  resourceId: string,
): SeenCandidate {
  const ofTrack = [...serving.instances.values()].filter((one) => one.track === wanted?.track)
  const ready = ofTrack.filter(isReady)
  const fresh = ofTrack.filter((one) => one.release === wanted?.release)
  const replicas = wanted?.replicas ?? 1
  return {
    resourceId,
    modelDigest: wanted?.values.model.digest ?? null,
    ...(wanted?.values.revision === undefined ? {} : { revision: wanted.values.revision }),
    current: ready.every((one) => one.release === wanted?.release),
    replicas,
    readyReplicas: Math.min(replicas, ready.length),
    ...stateOf(world, kubelet, serving, fresh, wanted),
  }
}

function stateOf(
  world: World,
  kubelet: Kubelet,
  serving: Serving,
  fresh: readonly Instance[],
  wanted: WantedTrack | undefined,
): Pick<SeenEndpoint, 'reason' | 'message' | 'failing'> {
  const { crashes, lastEnd } = serving.tracks[wanted?.track ?? 'stable']
  if (wanted && fresh.filter(isReady).length >= wanted.replicas)
    return { reason: 'MinimumReplicasAvailable', message: '', failing: false }
  if (crashes >= crashesUntilFailing) return { reason: 'CrashLoopBackOff', message: lastEnd, failing: true }
  const waits = fresh.filter((one) => one.readySince === null)
  if (waits.some((one) => performance.now() - one.createdAt >= progressDeadlineSeconds * 1000)) {
    const message = `the server process was not ready within ${progressDeadlineSeconds} s`
    return { reason: 'ProgressDeadlineExceeded', message, failing: true }
  }
  for (const one of waits) {
    const pod = world.store.pod(one.podUid)
    const waiting = pod && kubelet.live(pod).waiting
    if (waiting) return { ...waiting, failing: false }
  }
  if (crashes > 0) return { reason: 'CrashLoopBackOff', message: lastEnd, failing: false }
  return { reason: 'ContainersNotReady', message: 'the server process is not ready yet', failing: false }
}
