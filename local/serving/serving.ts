import { canonicalJson, type Json, sha256 } from '../../domain/canonical.ts'
import { keyText } from '../../domain/names.ts'
import type { ReleaseValues } from '../store/endpoint-values.ts'
import type { DesiredEndpoint, PodObject } from '../store/objects.ts'
import type { World } from '../world.ts'
import type { Service } from './service.ts'
import { type Track, tracks } from './spread.ts'

/** What is known of one endpoint while this process lives. */
export interface Serving {
  readonly application: string
  desired: DesiredEndpoint | null
  /** What `desired` asks of each track; no entry for a candidate that there is not. */
  wanted: ReadonlyMap<Track, WantedTrack>
  removing: boolean
  service: Service | null
  /** Its address is being opened. */
  opening: boolean
  readonly instances: Map<string, Instance>
  readonly tracks: Readonly<Record<Track, TrackState>>
}

/** What is wanted of one track. */
export interface WantedTrack {
  readonly track: Track
  readonly values: ReleaseValues
  /** Tells processes that are alike from others: their command, variables, files and probe. */
  readonly release: string
  readonly replicas: number
}

/** How it went with the processes of a track. */
export interface TrackState {
  /** A process is being made. */
  starting: boolean
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
  readonly track: Track
  readonly release: string
  readonly port: number
  readonly createdAt: number
  readySince: number | null
  /** Since when it gets no more requests, and is stopped once it has answered those that it has; null while it does. */
  drainingSince: number | null
  probing: boolean
  nextProbeAt: number
  probeFailures: number
}

/** Most processes of one release: this machine is no cluster. */
export const replicasMost = 8

export function newServing(application: string): Serving {
  return {
    ...{ application, desired: null, wanted: new Map(), removing: false, service: null, opening: false },
    instances: new Map(),
    tracks: { stable: newTrackState(), candidate: newTrackState() },
  }
}

function newTrackState(): TrackState {
  return { starting: false, crashes: 0, lastEnd: '', nextStartAt: 0 }
}

/** From now on this is wanted. A track whose processes stay as they are keeps what is known of it. */
export function want(serving: Serving, desired: DesiredEndpoint): void {
  const before = serving.wanted
  serving.desired = desired
  serving.wanted = wantedTracks(desired)
  for (const track of tracks)
    if (before.get(track)?.release !== serving.wanted.get(track)?.release)
      Object.assign(serving.tracks[track], { crashes: 0, lastEnd: '', nextStartAt: 0 })
}

function wantedTracks({ values, namespace }: DesiredEndpoint): ReadonlyMap<Track, WantedTrack> {
  const wanted = (track: Track, release: ReleaseValues): readonly [Track, WantedTrack] => [
    track,
    {
      ...{ track, values: release, release: releaseText(namespace, release) },
      replicas: Math.min(replicasMost, Math.max(1, replicasOf(release))),
    },
  ]
  const { candidate } = values
  return new Map([wanted('stable', values), ...(candidate ? [wanted('candidate', candidate)] : [])])
}

/** What an earlier version left on the disk says of no replicas: it had one. */
function replicasOf({ replicas }: Partial<ReleaseValues>): number {
  return replicas?.min ?? 1
}

/** The variables of a server's process, but those that every process has of its own. */
export function variablesOf({ env, promptTemplate }: ReleaseValues): ReleaseValues['env'] {
  return promptTemplate ? [...env, { name: 'PROMPT_TEMPLATE', value: promptTemplate.text }] : env
}

function releaseText(namespace: string, release: ReleaseValues): string {
  const { model, imageFolder = null, command, args, volumes, volumeMounts, probe } = release
  const { terminationGracePeriodSeconds: grace } = release
  const env = variablesOf(release)
  const made = { namespace, model, imageFolder, command, args, env, volumes, volumeMounts, probe, grace }
  return sha256(canonicalJson(JSON.parse(JSON.stringify(made)) as Json))
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
