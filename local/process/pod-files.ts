import { join } from 'node:path'
import { createWhole, readJson } from './files.ts'
import { processesWith } from './group.ts'
import { isIdentity, type ProcessIdentity } from './identity.ts'

/** The files of a pod's folder through which the cluster and the pod's keeper speak: each has one writer. */
export const podFiles = {
  /** The cluster's: the pod as an object. */
  pod: (folder: string) => join(folder, 'pod.json'),
  /** The cluster's: what the keeper is to run. Holds the values of Secrets. */
  launch: (folder: string) => join(folder, 'launch.json'),
  /** Who keeps the pod: the first to create it. Nobody else ever runs this pod. */
  keeper: (folder: string) => join(folder, 'keeper.json'),
  /** The keeper's: what runs now and what has ended. */
  process: (folder: string) => join(folder, 'process.json'),
  /** The keeper's last word. */
  exit: (folder: string) => join(folder, 'exit.json'),
  log: (folder: string, container: string) => join(folder, 'logs', `${container}.log`),
  home: (folder: string) => join(folder, 'home'),
  temporary: (folder: string) => join(folder, 'tmp'),
} as const

/** Processes of a pod wherever they are: no other process has these folders for its own. */
export function straysOf(folder: string): readonly number[] {
  return processesWith([`HOME=${podFiles.home(folder)}`, `TMPDIR=${podFiles.temporary(folder)}`])
}

export interface Launch {
  /** In the order in which they run, each after the one before has ended well. The last is the main one. */
  readonly containers: readonly LaunchContainer[]
  /** Seconds between TERM and KILL. */
  readonly graceSeconds: number
  /** When it is stopped whatever happens, in milliseconds since 1970; null for never. */
  readonly deadlineAt: number | null
  /** Whether it ends when the keeper's standard input does, which is when the process that started the keeper is gone. */
  readonly endWithOwner: boolean
}

export interface LaunchContainer {
  readonly name: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingFolder: string
  readonly log: string
}

export interface ContainerEnd {
  readonly name: string
  /** As a container runtime says it: 128 and the signal's number for one that a signal ended, 128 for one that could not be started. */
  readonly exitCode: number
  readonly signal: string | null
  /** Why it could not be started. */
  readonly startError: string | null
  readonly startedAt: string
  readonly finishedAt: string
}

export interface RunningContainer extends ProcessIdentity {
  readonly name: string
  readonly startedAt: string
}

export interface Progress {
  readonly ended: readonly ContainerEnd[]
  /** Null between two containers, and in the moment in which one is being started. */
  readonly running: RunningContainer | null
}

/** Why the keeper stopped what ran: it was told to, the deadline passed, or its owner is gone. */
export type StopCause = 'told' | 'deadline' | 'owner'

export interface Exit {
  readonly ended: readonly ContainerEnd[]
  /** Null when it ended by itself. */
  readonly stoppedBy: StopCause | null
  readonly finishedAt: string
}

/** Who keeps a pod; `sealed` when the cluster itself took it, so that it never runs. */
export type Claim = { readonly keeper: ProcessIdentity } | { readonly sealed: true }

/** Takes the pod for one keeper, or seals it; false when somebody was first. */
export function claimPod(folder: string, claim: Claim): boolean {
  return createWhole(podFiles.keeper(folder), JSON.stringify(claim))
}

export function readClaim(folder: string): Claim | undefined {
  const read = readJson(podFiles.keeper(folder)) as { keeper?: unknown; sealed?: unknown } | undefined
  if (read?.sealed === true) return { sealed: true }
  return isIdentity(read?.keeper) ? { keeper: read.keeper } : undefined
}

export function readLaunch(folder: string): Launch | undefined {
  return readJson(podFiles.launch(folder)) as Launch | undefined
}

export function readProgress(folder: string): Progress | undefined {
  return readJson(podFiles.process(folder)) as Progress | undefined
}

export function readExit(folder: string): Exit | undefined {
  return readJson(podFiles.exit(folder)) as Exit | undefined
}
