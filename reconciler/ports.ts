import type { Fault } from '../domain/fault.ts'
import type { EndpointLedger } from '../domain/ledger.ts'
import type { LedgerView } from '../domain/ledger-files.ts'
import type { Operation, OperationResult } from '../domain/operation.ts'
import type { Publication } from '../domain/publication.ts'
import type { LiveState } from '../records/live.ts'
import type { Records } from '../records/records.ts'
import type { Rules } from './decide/rules.ts'
import type { ClusterSource } from './sources/cluster.ts'
import type { MeasuringSource } from './sources/measuring.ts'
import type { ModelRegistry } from './sources/registry.ts'
import type { TrackerSource } from './sources/tracker.ts'

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
}

/** The world of the reconciler. */
export interface ReconcilerPorts {
  /** Where several reconcilers may run: fenced, so that one that was replaced writes nothing any more. */
  readonly records: Records
  readonly live: LiveState
  /** The cluster of an environment; undefined where none is connected. */
  cluster(environment: string): ClusterSource | undefined
  /** The experiment tracker of an environment; undefined where none is connected. */
  tracker?(environment: string): TrackerSource | undefined
  /** The model registry; undefined where none is connected. */
  readonly registry?: ModelRegistry | undefined
  /** Proposes that an endpoint serves a model version. @returns what became of it, for people */
  propose?(
    endpoint: EndpointLedger,
    version: { readonly model: string; readonly version: number },
    why: string,
  ): Promise<string>
  /** The monitoring of an environment's cluster; undefined where none is connected. */
  measuring?(environment: string): MeasuringSource | undefined
  /** The address under which the routes of an environment are to be probed; undefined where none are. */
  probes?(environment: string): string | undefined
  readonly deploy: {
    /** `headOf`: the commit that an environment's branch is at; of each the same one unless environments have branches of their own. */
    read(): Promise<{
      readonly commit: string | null
      headOf(environment: string): string | null
      readonly ledger: LedgerView
    }>
    /** Commits of ours that are not among the known ones, nor before them. @param known newest first @param keep what is done with them */
    log(
      known: readonly string[],
      keep: (publications: readonly Publication[]) => Promise<unknown>,
    ): Promise<readonly Publication[]>
  }
  /** Publishes operations as one commit and tells what became of each. */
  operate(operations: readonly Operation[]): Promise<readonly OperationResult[]>
  mintToken(lease: {
    readonly runId: string
    readonly attempt: number
  }): Promise<{ readonly token: string; readonly expiresAt: Date }>
  readonly rules?: Partial<Rules>
  now(): Date
  /** Another reconciler took over: nothing more is looked at, written or done by this one. */
  replaced?(fault: Fault): void
  log(entry: LogEntry): void
}
