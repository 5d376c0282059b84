import { randomBytes, randomUUID } from 'node:crypto'
import { removeEndedPod } from '../kubelet/kept-logs.ts'
import type { Kubelet } from '../kubelet/kubelet.ts'
import { isBeingStopped } from '../kubelet/live.ts'
import type { DesiredEndpoint, PodObject } from '../store/objects.ts'
import type { World } from '../world.ts'
import { probe } from './probe.ts'
import { freePort, openService } from './service.ts'
import { type Instance, keyOf, podsOf, type Serving } from './serving.ts'

/** Until a process is ready it is probed this often at least; a cluster would have a startup probe for that. */
const startProbeMilliseconds = 250
/** As many probes in a row that fail make a process not ready (failureThreshold). */
const probeFailuresMax = 3
const crashBackoff = { first: 500, most: 60_000 } as const
/** A process that has been ready for this long has no crashes behind it. */
const settledMilliseconds = 10_000

/** One look at an endpoint: a new release is started beside the old one and takes its place when it is ready. True when it is gone. */
export function lookAtServing(world: World, kubelet: Kubelet, serving: Serving, mayStart: boolean): boolean {
  for (const pod of podsOf(world, serving)) {
    const instance = serving.instances.get(pod.uid)
    if (pod.end !== null) noteEnd(world, kubelet, serving, pod, instance)
    else if (!isBeingStopped(pod)) {
      // One that an earlier process started ends with that process.
      if (!instance || serving.removing) stop(world, pod)
      else probeWhenDue(world, kubelet, serving, pod, instance)
    }
  }
  if (serving.removing) return remove(world, serving)
  const { desired } = serving
  if (!desired || !mayStart) return false
  if (!serving.service) {
    openAddress(world, serving)
    return false
  }
  route(world, serving, desired)
  const newest = living(world, serving).some((one) => one.release === desired.release)
  if (!newest && !serving.busy && performance.now() >= serving.nextStartAt) start(world, serving, desired)
  return false
}

function living(world: World, serving: Serving): readonly Instance[] {
  return [...serving.instances.values()].filter((instance) => {
    const pod = world.store.pod(instance.podUid)
    return pod !== undefined && pod.end === null && !isBeingStopped(pod)
  })
}

/** Connections go to the newest release that is ready; what came before it is stopped. */
function route(world: World, serving: Serving, desired: DesiredEndpoint): void {
  const alive = living(world, serving)
  const ready = alive.filter((instance) => instance.readySince !== null)
  const target = ready.find((instance) => instance.release === desired.release) ?? ready[0] ?? null
  if (serving.service && serving.service.target !== (target?.port ?? null)) {
    serving.service.target = target?.port ?? null
    world.changed({ endpoint: keyOf(desired) })
  }
  for (const instance of alive) {
    const outdated = instance.release !== desired.release
    const replaced = target !== null && target !== instance && target.release === desired.release
    if (!outdated || (!replaced && instance === target)) continue
    const pod = world.store.pod(instance.podUid)
    if (pod) stop(world, pod)
  }
  if (target && target.readySince !== null && performance.now() - target.readySince >= settledMilliseconds)
    serving.crashes = 0
}

function stop(world: World, pod: PodObject): void {
  world.store.putPod({ ...pod, deletionRequestedAt: world.now().toISOString() })
  world.wake()
}

function noteEnd(
  world: World,
  kubelet: Kubelet,
  serving: Serving,
  pod: PodObject,
  instance: Instance | undefined,
): void {
  if (instance && !isBeingStopped(pod)) {
    serving.crashes += 1
    const main = pod.end?.containers.at(-1)
    const how = main ? `exit code ${main.exitCode}${main.message ? `: ${main.message}` : ''}` : (pod.end?.message ?? '')
    serving.lastEnd = `the server process ended with ${how}`
    const backoff = Math.min(crashBackoff.first * 2 ** (serving.crashes - 1), crashBackoff.most)
    serving.nextStartAt = performance.now() + backoff
    world.log({ level: 'warn', message: `endpoint ${serving.application}: ${serving.lastEnd}` })
  }
  serving.instances.delete(pod.uid)
  removeEndedPod(world, pod, (uid) => kubelet.forget(uid))
  if (serving.desired) world.changed({ endpoint: keyOf(serving.desired) })
  world.wake()
}

function probeWhenDue(world: World, kubelet: Kubelet, serving: Serving, pod: PodObject, instance: Instance): void {
  const { desired } = serving
  const running = kubelet.live(pod).progress?.running
  if (!desired || !running || instance.probing) return
  const { path, initialDelaySeconds, periodSeconds } = desired.values.probe
  if (world.now().getTime() < Date.parse(running.startedAt) + initialDelaySeconds * 1000) return
  if (performance.now() < instance.nextProbeAt) return
  instance.probing = true
  void probe(instance.port, path).then((answered) => {
    instance.probing = false
    instance.probeFailures = answered ? 0 : instance.probeFailures + 1
    const before = instance.readySince
    if (answered) instance.readySince ??= performance.now()
    else if (instance.probeFailures >= probeFailuresMax) instance.readySince = null
    const period = instance.readySince === null ? startProbeMilliseconds : periodSeconds * 1000
    instance.nextProbeAt = performance.now() + period
    if (before === instance.readySince) return
    world.changed({ endpoint: keyOf(desired) })
    world.wake()
  })
}

function openAddress(world: World, serving: Serving): void {
  if (serving.busy) return
  serving.busy = true
  const before = world.store.endpoint(serving.application)?.servicePort ?? null
  openService(before)
    .then((service) => {
      serving.service = service
      const endpoint = world.store.endpoint(serving.application)
      if (endpoint && service.port !== before) world.store.putEndpoint({ ...endpoint, servicePort: service.port })
    })
    .catch((error: unknown) => putOff(world, serving, error))
    .finally(() => {
      serving.busy = false
      world.wake()
    })
}

function start(world: World, serving: Serving, desired: DesiredEndpoint): void {
  serving.busy = true
  freePort()
    .then((port) => {
      const pod = podFor(serving, desired, port, world.now())
      const clocks = {
        createdAt: performance.now(),
        readySince: null,
        probing: false,
        nextProbeAt: 0,
        probeFailures: 0,
      }
      serving.instances.set(pod.uid, { podUid: pod.uid, release: desired.release, port, ...clocks })
      world.store.putPod(pod)
    })
    .catch((error: unknown) => putOff(world, serving, error))
    .finally(() => {
      serving.busy = false
      world.wake()
    })
}

function putOff(world: World, serving: Serving, error: unknown): void {
  serving.lastEnd = error instanceof Error ? error.message : String(error)
  serving.nextStartAt = performance.now() + crashBackoff.first
  world.log({ level: 'error', message: `endpoint ${serving.application}: ${serving.lastEnd}` })
}

function podFor(serving: Serving, desired: DesiredEndpoint, port: number, now: Date): PodObject {
  const { values, namespace, release } = desired
  const { command, args, env, volumeMounts, volumes } = values
  return {
    format: 1,
    uid: randomUUID(),
    name: `${values.name}-${release.slice(0, 8)}-${randomBytes(4).toString('hex').slice(0, 5)}`,
    namespace,
    environment: values.environment,
    labels: {},
    owner: { kind: 'Endpoint', application: serving.application, key: keyOf(desired), release },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: values.terminationGracePeriodSeconds,
      initContainers: [],
      containers: [{ name: 'server', image: '', command, args, env, volumeMounts }],
      volumes,
    },
    imageFolder: values.imageFolder ?? null,
    forced: { PORT: String(port), HOST: '127.0.0.1' },
    deadlineAt: null,
    createdAt: now.toISOString(),
    deletionRequestedAt: null,
    stopRequestedAt: null,
    disruptionRequestedAt: null,
    imageDigest: null,
    end: null,
  }
}

function remove(world: World, serving: Serving): boolean {
  if (podsOf(world, serving).length > 0 || serving.busy) return false
  serving.service?.close()
  world.store.removeEndpoint(serving.application)
  if (serving.desired) world.changed({ endpoint: keyOf(serving.desired) })
  return true
}
