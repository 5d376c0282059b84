import { randomBytes, randomUUID } from 'node:crypto'
import { removeEndedPod } from '../kubelet/kept-logs.ts'
import type { Kubelet } from '../kubelet/kubelet.ts'
import { isBeingStopped } from '../kubelet/live.ts'
import type { DesiredEndpoint, PodObject } from '../store/objects.ts'
import type { World } from '../world.ts'
import { probe } from './probe.ts'
import { freePort, openService } from './service.ts'
import {
  type Instance,
  keyOf,
  podsOf,
  type Serving,
  type TrackState,
  variablesOf,
  type WantedTrack,
} from './serving.ts'
import { living, route, stop } from './tracks.ts'

/** Until a process is ready it is probed this often at least; a cluster would have a startup probe for that. */
const startProbeMilliseconds = 250
/** As many probes in a row that fail make a process not ready (failureThreshold). */
const probeFailuresMax = 3
const crashBackoff = { first: 500, most: 60_000 } as const

/** One look at an endpoint: the processes of a new release are started beside the old ones and take their place as they are ready. True when it is gone. */
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
  route(world, serving)
  for (const wanted of serving.wanted.values()) startWhenMissing(world, serving, desired, wanted)
  return false
}

/** One at a time, so that a machine that starts many is not asked for all of it at once. */
function startWhenMissing(world: World, serving: Serving, desired: DesiredEndpoint, wanted: WantedTrack): void {
  const state = serving.tracks[wanted.track]
  const there = living(world, serving).filter(
    ({ track, release, drainingSince }) =>
      track === wanted.track && release === wanted.release && drainingSince === null,
  )
  if (there.length < wanted.replicas && !state.starting && performance.now() >= state.nextStartAt)
    start(world, serving, desired, wanted)
}

function noteEnd(
  world: World,
  kubelet: Kubelet,
  serving: Serving,
  pod: PodObject,
  instance: Instance | undefined,
): void {
  if (instance && instance.drainingSince === null && !isBeingStopped(pod)) {
    const state = serving.tracks[instance.track]
    state.crashes += 1
    const main = pod.end?.containers.at(-1)
    const how = main ? `exit code ${main.exitCode}${main.message ? `: ${main.message}` : ''}` : (pod.end?.message ?? '')
    state.lastEnd = `the server process ended with ${how}`
    const backoff = Math.min(crashBackoff.first * 2 ** (state.crashes - 1), crashBackoff.most)
    state.nextStartAt = performance.now() + backoff
    const beside = instance.track === 'candidate' ? ', candidate' : ''
    world.log({ level: 'warn', message: `endpoint ${serving.application}${beside}: ${state.lastEnd}` })
  }
  serving.instances.delete(pod.uid)
  removeEndedPod(world, pod, (uid) => kubelet.forget(uid))
  if (serving.desired) world.changed({ endpoint: keyOf(serving.desired) })
  world.wake()
}

function probeWhenDue(world: World, kubelet: Kubelet, serving: Serving, pod: PodObject, instance: Instance): void {
  const { desired } = serving
  const running = kubelet.live(pod).progress?.running
  const wanted = serving.wanted.get(instance.track)
  if (!desired || !wanted || !running || instance.probing) return
  const { path, initialDelaySeconds, periodSeconds } = wanted.values.probe
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
  if (serving.opening) return
  serving.opening = true
  const before = world.store.endpoint(serving.application)?.servicePort ?? null
  openService(before, () => world.wake())
    .then((service) => {
      serving.service = service
      const endpoint = world.store.endpoint(serving.application)
      if (endpoint && service.port !== before) world.store.putEndpoint({ ...endpoint, servicePort: service.port })
    })
    .catch((error: unknown) => putOff(world, serving, serving.tracks.stable, error))
    .finally(() => {
      serving.opening = false
      world.wake()
    })
}

function start(world: World, serving: Serving, desired: DesiredEndpoint, wanted: WantedTrack): void {
  const { track, release } = wanted
  const state = serving.tracks[track]
  state.starting = true
  freePort()
    .then((port) => {
      const pod = podFor(serving, desired, wanted, port, world.now())
      const clocks = {
        createdAt: performance.now(),
        readySince: null,
        drainingSince: null,
        probing: false,
        nextProbeAt: 0,
        probeFailures: 0,
      }
      serving.instances.set(pod.uid, { podUid: pod.uid, track, release, port, ...clocks })
      world.store.putPod(pod)
    })
    .catch((error: unknown) => putOff(world, serving, state, error))
    .finally(() => {
      state.starting = false
      world.wake()
    })
}

function putOff(world: World, serving: Serving, state: TrackState, error: unknown): void {
  state.lastEnd = error instanceof Error ? error.message : String(error)
  state.nextStartAt = performance.now() + crashBackoff.first
  world.log({ level: 'error', message: `endpoint ${serving.application}: ${state.lastEnd}` })
}

function podFor(
  serving: Serving,
  desired: DesiredEndpoint,
  { track, release, values }: WantedTrack,
  port: number,
  now: Date,
): PodObject {
  const { namespace } = desired
  const { environment, name } = desired.values
  const { command, args, volumeMounts, volumes } = values
  const env = variablesOf(values)
  return {
    format: 1,
    uid: randomUUID(),
    name: `${name}${track === 'candidate' ? '-candidate' : ''}-${release.slice(0, 8)}-${randomBytes(4).toString('hex').slice(0, 5)}`,
    namespace,
    environment,
    labels: {},
    owner: { kind: 'Endpoint', application: serving.application, key: keyOf(desired), track, release },
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
  const { stable, candidate } = serving.tracks
  if (podsOf(world, serving).length > 0 || serving.opening || stable.starting || candidate.starting) return false
  serving.service?.close()
  world.store.removeEndpoint(serving.application)
  if (serving.desired) world.changed({ endpoint: keyOf(serving.desired) })
  return true
}
