import type { SeenEndpoint } from '../../domain/observation.ts'
import type { Kubelet } from '../kubelet/kubelet.ts'
import type { DesiredEndpoint } from '../store/objects.ts'
import type { World } from '../world.ts'
import { crashesUntilFailing, type Instance, progressDeadlineSeconds, type Serving } from './serving.ts'

/** An endpoint as the reconciler sees it. */
export function seenEndpoint(world: World, kubelet: Kubelet, serving: Serving, desired: DesiredEndpoint): SeenEndpoint {
  const { values, namespace, release } = desired
  const instances = [...serving.instances.values()]
  const target = instances.find((one) => one.readySince !== null && one.port === serving.service?.target)
  const newest = instances.find((one) => one.release === release)
  const state = stateOf(world, kubelet, serving, newest)
  return {
    environment: values.environment,
    project: values.project,
    name: values.name,
    namespace,
    framework: values.framework,
    resourceId: `${namespace}/${values.name}`,
    modelDigest: values.model.digest,
    current: target === undefined || target.release === release,
    replicas: 1,
    readyReplicas: target === undefined ? 0 : 1,
    url: serving.service ? `http://127.0.0.1:${serving.service.port}${values.route.replace(/\/$/, '')}` : null,
    ...state,
  }
}

function stateOf(
  world: World,
  kubelet: Kubelet,
  serving: Serving,
  newest: Instance | undefined,
): Pick<SeenEndpoint, 'reason' | 'message' | 'failing'> {
  if (newest && newest.readySince !== null) return { reason: 'MinimumReplicasAvailable', message: '', failing: false }
  if (serving.crashes >= crashesUntilFailing) {
    return { reason: 'CrashLoopBackOff', message: serving.lastEnd, failing: true }
  }
  if (newest && performance.now() - newest.createdAt >= progressDeadlineSeconds * 1000) {
    const message = `the server process was not ready within ${progressDeadlineSeconds} s`
    return { reason: 'ProgressDeadlineExceeded', message, failing: true }
  }
  const pod = newest && world.store.pod(newest.podUid)
  const waiting = pod && kubelet.live(pod).waiting
  if (waiting) return { ...waiting, failing: false }
  if (serving.crashes > 0) return { reason: 'CrashLoopBackOff', message: serving.lastEnd, failing: false }
  return { reason: 'ContainersNotReady', message: 'the server process is not ready yet', failing: false }
}
