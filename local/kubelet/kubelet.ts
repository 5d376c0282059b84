import { isAlive, type ProcessIdentity } from '../process/identity.ts'
import { killPod, podProcessesLive, signalProcess, terminatePod } from '../process/kill-pod.ts'
import { claimPod, type Progress, readClaim, readExit, readProgress } from '../process/pod-files.ts'
import type { PodEnd, PodObject } from '../store/objects.ts'
import type { World } from '../world.ts'
import { imageDigests } from './image-digest.ts'
import { launchPod } from './launch.ts'
import { type Context, changedKey, isBeingStopped, type Live, newLive } from './live.ts'
import { endFromExit, endOfLost, endOfUnstarted } from './pod-end.ts'
import { writeSecretFiles } from './prepare.ts'

/** Stands in for the kubelet: starts, watches, stops and adopts the processes of pods. */
export interface Kubelet {
  /** One look at every pod that has not ended. Looking again changes nothing. */
  look(): void
  live(pod: PodObject): Live
  /** Brings a Secret's new values to the pods that wait for it or have it as files. */
  secretChanged(namespace: string, name: string): void
  /** From here on pods are started; before, they are only looked at. */
  begin(): void
  /** No pod is started any more; those that run go on. */
  drain(): void
  /** Forgets everything of a pod that has been taken away. */
  forget(uid: string): void
  /** Lets go of the pods that end with this process. */
  releaseOwned(): void
}

const keeperLookMilliseconds = 1000
const tellAgainMilliseconds = 5000

export function openKubelet(world: World): Kubelet {
  const lives = new Map<string, Live>()
  const digestOf = imageDigests()
  let starting = false
  const liveOf = (pod: PodObject): Live => {
    let live = lives.get(pod.uid)
    if (!live) {
      live = newLive()
      lives.set(pod.uid, live)
    }
    return live
  }
  const context: Context = { world, digestOf, mayStart: () => starting }
  return {
    look: () => {
      for (const pod of world.store.pods()) if (pod.end === null) lookAt(context, pod, liveOf(pod))
    },
    live: liveOf,
    secretChanged: (namespace, name) => {
      for (const pod of world.store.pods()) {
        if (pod.end !== null || pod.namespace !== namespace) continue
        liveOf(pod).nextLaunchAt = 0
        const mounted = pod.spec.volumes.some((volume) => 'secret' in volume && volume.secret.secretName === name)
        if (mounted && readClaim(world.store.podFolder(pod.uid))) writeSecretFiles(world, pod)
      }
      world.wake()
    },
    begin: () => {
      starting = true
    },
    drain: () => {
      starting = false
    },
    forget: (uid) => {
      lives.get(uid)?.release?.()
      lives.delete(uid)
    },
    releaseOwned: () => {
      for (const live of lives.values()) live.release?.()
    },
  }
}

function lookAt(context: Context, pod: PodObject, live: Live): void {
  const { world } = context
  const folder = world.store.podFolder(pod.uid)
  const exit = readExit(folder)
  const claim = exit ? undefined : readClaim(folder)
  if (exit) finish(world, pod, endFromExit(pod, exit, folder))
  else if (claim === undefined) lookAtUnstarted(context, pod, live)
  else if ('sealed' in claim) finish(world, pod, endOfUnstarted(pod, world.now()))
  else {
    live.launching = false
    noteProgress(world, pod, live, readProgress(folder))
    if (keeperLives(claim.keeper, live)) tellToEnd(pod, claim.keeper, live)
    else lookAtUnkept(world, pod, live)
  }
}

function keeperLives(keeper: ProcessIdentity, live: Live): boolean {
  if (performance.now() - live.keeperSeenAt < keeperLookMilliseconds) return true
  if (!isAlive(keeper)) return false
  live.keeperSeenAt = performance.now()
  return true
}

function tellToEnd(pod: PodObject, keeper: ProcessIdentity, live: Live): void {
  if (!isBeingStopped(pod)) return
  if (live.toldAt !== null && performance.now() - live.toldAt < tellAgainMilliseconds) return
  live.toldAt = performance.now()
  signalProcess(keeper, 'SIGTERM')
}

/** No keeper has taken the pod. To end it is to take it ourselves: a keeper that is on its way then finds it taken. */
function lookAtUnstarted(context: Context, pod: PodObject, live: Live): void {
  const { world } = context
  if (isBeingStopped(pod)) {
    if (claimPod(world.store.podFolder(pod.uid), { sealed: true })) finish(world, pod, endOfUnstarted(pod, world.now()))
    return
  }
  if (!live.launching && context.mayStart() && performance.now() >= live.nextLaunchAt) launchPod(context, pod, live)
}

/** Its keeper was killed, or the machine was: what still runs goes on, and how it ends nobody will know. */
function lookAtUnkept(world: World, pod: PodObject, live: Live): void {
  const folder = world.store.podFolder(pod.uid)
  const exit = readExit(folder)
  if (exit) finish(world, pod, endFromExit(pod, exit, folder))
  else if (!podProcessesLive(folder)) finish(world, pod, endOfLost(pod, live.progress, world.now(), folder))
  else if (isBeingStopped(pod) || pod.owner.kind === 'Endpoint' || isOverdue(pod, world.now())) {
    if (live.killAt === null) {
      terminatePod(folder)
      live.killAt = performance.now() + pod.spec.terminationGracePeriodSeconds * 1000
    } else if (performance.now() >= live.killAt) killPod(folder)
  }
}

function isOverdue(pod: PodObject, now: Date): boolean {
  return pod.deadlineAt !== null && now.getTime() >= Date.parse(pod.deadlineAt)
}

function noteProgress(world: World, pod: PodObject, live: Live, progress: Progress | undefined): void {
  if (progress === undefined || JSON.stringify(progress) === JSON.stringify(live.progress)) return
  live.progress = progress
  live.waiting = null
  world.changed(changedKey(pod))
  world.wake()
}

function finish(world: World, pod: PodObject, end: PodEnd): void {
  world.store.putPod({ ...pod, end })
  world.changed(changedKey(pod))
  world.wake()
}
