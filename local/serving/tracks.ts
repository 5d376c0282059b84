import { isBeingStopped } from '../kubelet/live.ts'
import type { PodObject } from '../store/objects.ts'
import type { World } from '../world.ts'
import type { Target } from './proxy.ts'
import { type Instance, keyOf, type Serving, type WantedTrack } from './serving.ts'

/** A process that has been ready for this long has no crashes behind it. */
const settledMilliseconds = 10_000
/** What gets no more requests is stopped after this, whatever it still answers. */
const drainMillisecondsMax = 30_000

/** Processes of an endpoint that live and that nobody stops. */
export function living(world: World, serving: Serving): readonly Instance[] {
  return [...serving.instances.values()].filter((instance) => {
    const pod = world.store.pod(instance.podUid)
    return pod !== undefined && pod.end === null && !isBeingStopped(pod)
  })
}

/**
 * Sends requests to what is ready, and stops what is no longer wanted: as many processes of an older release as newer ones are ready, and all of a
 * candidate that there is no more. What is to go gets no more requests first, and ends when it has answered those that it has.
 */
export function route(world: World, serving: Serving): void {
  const { service, desired } = serving
  if (!service || !desired) return
  const alive = living(world, serving)
  for (const instance of alive.filter((one) => !serving.wanted.has(one.track))) drain(instance)
  for (const wanted of serving.wanted.values()) {
    const ofTrack = alive.filter((one) => one.track === wanted.track)
    keepAsMany(ofTrack, wanted)
    const isSettled = ofTrack.some(
      (one) =>
        one.release === wanted.release && performance.now() - (one.readySince ?? Infinity) >= settledMilliseconds,
    )
    if (isSettled) serving.tracks[wanted.track].crashes = 0
  }
  const targets = alive.filter(isReady).map(({ port, track }): Target => ({ port, track }))
  const routing = { targets, weight: desired.values.candidate?.weight ?? null }
  if (JSON.stringify(routing) !== JSON.stringify(service.routing)) {
    service.route(routing)
    world.changed({ endpoint: keyOf(desired) })
  }
  for (const instance of alive) {
    const { drainingSince, port } = instance
    if (drainingSince === null) continue
    const isOverdue = performance.now() - drainingSince >= drainMillisecondsMax
    const pod = world.store.pod(instance.podUid)
    if (pod && (isOverdue || service.inFlight(port) === 0)) stop(world, pod)
  }
}

/** Whether it gets requests. */
export function isReady({ readySince, drainingSince }: Instance): boolean {
  return readySince !== null && drainingSince === null
}

function keepAsMany(ofTrack: readonly Instance[], { release, replicas }: WantedTrack): void {
  const fresh = ofTrack.filter((one) => one.release === release && one.drainingSince === null)
  const old = ofTrack.filter((one) => one.release !== release && one.drainingSince === null)
  // The newest go first where fewer are wanted; those that are not ready before those that are.
  const surplus = [...fresh].sort((left, right) => Number(isReady(right)) - Number(isReady(left))).slice(replicas)
  surplus.forEach(drain)
  const ready = fresh.filter(isReady).length
  const serving = old.filter(isReady)
  for (const one of old.filter((instance) => !isReady(instance))) drain(one)
  for (const one of serving.slice(Math.max(0, replicas - ready))) drain(one)
}

function drain(instance: Instance): void {
  instance.drainingSince ??= performance.now()
}

export function stop(world: World, pod: PodObject): void {
  world.store.putPod({ ...pod, deletionRequestedAt: world.now().toISOString() })
  world.wake()
}
