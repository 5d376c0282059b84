import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Network } from './base/network.ts'
import { identify, isAlive, type ProcessIdentity } from './base/process-table.ts'
import type { GitServer } from './parts/servers.ts'

/*
 * What a running bed is, written down in its folder (bed.json), so that tests in other processes find their way.
 */

export interface Bed {
  /** Everything that the bed writes is below it. */
  readonly folder: string
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string
  /** Name of the one context in it, and in every other kubeconfig of the bed. */
  readonly context: string
  /** https://127.0.0.1:port */
  readonly apiServer: string
  readonly token: string
  /** http://127.0.0.1:port */
  readonly etcd: string
  readonly auditLog: string
  readonly git: GitServer
  /** Absolute paths of programs by name: kubectl, helm, kubeconform. */
  readonly programs: Readonly<Record<'kubectl' | 'helm' | 'kubeconform', string>>
  /** Null where there is no real node. */
  readonly node: RealNode | null
  /** Folder of containerd's programs; null where there is no real node. */
  readonly runtime: string | null
}

export interface RealNode {
  readonly name: string
  /** What pods on it reach this machine by. */
  readonly network: Network
  /** Path of a statically linked busybox on this machine, for images. */
  readonly busybox: string
  /** Pinned by digest. */
  readonly images: { readonly trainer: string; readonly busybox: string }
}

const prefix = 'specyard-cluster-'

/** An empty folder for a new bed. */
export function makeBedFolder(): string {
  return mkdtempSync(join(tmpdir(), prefix))
}

/** Who answers for a bed. */
export interface Keepers {
  /** It lives as long as this process; null: until it is stopped. */
  readonly owner: ProcessIdentity | null
  /** Takes it down after the owner's end; null: nobody does. */
  readonly guard: ProcessIdentity | null
}

const keepersFile = 'keepers.json'

export function writeKeepers(folder: string, keepers: Keepers): void {
  writeFileSync(join(folder, keepersFile), JSON.stringify(keepers))
}

export function readKeepers(folder: string): Keepers {
  return JSON.parse(readFileSync(join(folder, keepersFile), 'utf8')) as Keepers
}

export function writeBed(bed: Bed): void {
  writeFileSync(join(bed.folder, 'bed.json'), JSON.stringify(bed, null, 2), { mode: 0o600 })
}

export function readBed(folder: string): Bed | undefined {
  const path = join(folder, 'bed.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Bed) : undefined
}

/** This process, as the owner of a bed. */
export function thisProcess(): ProcessIdentity {
  const identity = identify(process.pid)
  if (identity === undefined) throw new Error('the test bed needs Linux: this machine has no /proc')
  return identity
}

export interface FoundBed {
  readonly folder: string
  /** `abandoned`: owner and guard are dead, and nobody takes it down. */
  readonly state: 'kept' | 'owned' | 'abandoned'
}

/** The beds of this machine. */
export function findBeds(): readonly FoundBed[] {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(prefix))
  return folders.flatMap((name): readonly FoundBed[] => {
    const folder = join(tmpdir(), name)
    if (!existsSync(join(folder, keepersFile))) return []
    const { owner, guard } = readKeepers(folder)
    if (owner === null) return [{ folder, state: 'kept' }]
    const isKept = isAlive(owner) || (guard !== null && isAlive(guard))
    return [{ folder, state: isKept ? 'owned' : 'abandoned' }]
  })
}
