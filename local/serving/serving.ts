import { keyText } from '../../domain/names.ts'
import type { DesiredEndpoint, PodObject } from '../store/objects.ts'
import type { World } from '../world.ts'
import type { Service } from './service.ts'

/** What is known of one endpoint while this process lives. */
export interface Serving {
  readonly application: string
  desired: DesiredEndpoint | null
  removing: boolean
  service: Service | null
  /** Its address is being opened, or a process is being made. */
  busy: boolean
  readonly instances: Map<string, Instance>
  /** Ends that nobody asked for since the newest release was asked for, or since one has been ready for a while. */
  crashes: number
  /** How the last of them was. */
  lastEnd: string
  /** When the next process may be started, on the monotonic clock. */
  nextStartAt: number
}

/** One server process. */
export interface Instance {
  readonly podUid: string
  readonly release: string
  readonly port: number
  readonly createdAt: number
  readySince: number | null
  probing: boolean
  nextProbeAt: number
  probeFailures: number
}

export function newServing(application: string): Serving {
  return {
    application,
    desired: null,
    removing: false,
    service: null,
    busy: false,
    instances: new Map(),
    crashes: 0,
    lastEnd: '',
    nextStartAt: 0,
  }
}

/** What of an endpoint crashes this many times is failing rather than starting. */
export const crashesUntilFailing = 3

/** A new process that is not ready after this many seconds will not be (progressDeadlineSeconds of a Deployment). */
export const progressDeadlineSeconds = 600

export function keyOf({ values }: DesiredEndpoint): string {
  return keyText(values)
}

export function podsOf(world: World, serving: Serving): readonly PodObject[] {
  return world.store
    .pods()
    .filter((pod) => pod.owner.kind === 'Endpoint' && pod.owner.application === serving.application)
}
