import type { ChangedKey } from '../reconciler/sources/cluster.ts'
import type { Store } from './store/store.ts'

/** What every part of the local cluster works with. */
export interface World {
  readonly store: Store
  /** Root of the spec repository, which image folders and volumes are relative to. */
  readonly root: string
  /** The program that keeps a pod, and its first arguments. */
  readonly keeperProgram: readonly string[]
  /** Value of `BACKEND_BASE_URL` where a manifest has none. */
  readonly backendUrl: string
  /** Value of `PATH` of every process. */
  readonly path: string
  now(): Date
  log(entry: LogEntry): void
  /** Tells who watches that something was changed. */
  changed(key: ChangedKey): void
  /** Asks for another look soon. */
  wake(): void
}

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
}
