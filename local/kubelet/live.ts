import type { Progress } from '../process/pod-files.ts'
import type { PodObject } from '../store/objects.ts'
import type { World } from '../world.ts'

/** What is known of a pod that is not on disk as an object: what its keeper says. */
export interface Live {
  /** Why it cannot be started now. */
  waiting: { readonly reason: string; readonly message: string } | null
  /** Being prepared, or its keeper has been started and has not taken it yet. */
  launching: boolean
  nextLaunchAt: number
  launchFailures: number
  progress: Progress | null
  keeperSeenAt: number
  toldAt: number | null
  killAt: number | null
  /** Ends the pod with this process; null for pods that outlive it. */
  release: (() => void) | null
}

export interface Context {
  readonly world: World
  readonly digestOf: (folder: string) => Promise<string | null>
  mayStart(): boolean
}

export function newLive(): Live {
  return {
    waiting: null,
    launching: false,
    nextLaunchAt: 0,
    launchFailures: 0,
    progress: null,
    keeperSeenAt: Number.NEGATIVE_INFINITY,
    toldAt: null,
    killAt: null,
    release: null,
  }
}

/** Whether a pod is to end before it does so by itself. */
export function isBeingStopped(pod: PodObject): boolean {
  return pod.deletionRequestedAt !== null || pod.stopRequestedAt !== null || pod.disruptionRequestedAt !== null
}

export function changedKey(pod: PodObject): { runId: string } | { endpoint: string } {
  return pod.owner.kind === 'Job' ? { runId: pod.owner.runId } : { endpoint: pod.owner.key }
}
