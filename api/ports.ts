import type { JsonObject } from '../domain/canonical.ts'
import type { EndpointLedger } from '../domain/ledger.ts'
import type { EndpointKey } from '../domain/names.ts'
import type { SeenEndpoint } from '../domain/observation.ts'
import type { Operation, OperationResult } from '../domain/operation.ts'
import type { Problem } from '../domain/problem.ts'
import type { ProposalView } from '../domain/proposal.ts'
import type { Run } from '../domain/run.ts'
import type { ServerLog } from '../domain/server-log.ts'
import type { LiveState } from '../records/live.ts'
import type { Records } from '../records/records.ts'
import type { LifecyclePorts } from './lifecycle/ports.ts'
import type { ModelPorts } from './models/ports.ts'
import type { Tokens } from './tokens.ts'

/** What became of a spec that was handed in. `exists`: a run of this very spec is recorded already; `proposed`: it begins once that is merged. */
export type SubmitResult =
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'written' | 'exists' | 'proposed'
      readonly runId: string
      readonly path: string
      /** The commit of the deploy repository, or of a proposal in the spec repository; null where nothing was left to do. */
      readonly commit: string | null
      /** Address of what has to be merged. */
      readonly pullRequest: string | null
    }

export interface RunLog {
  readonly attempt: number
  /** `cluster`: read from the pod now. `evidence`: the tail that was kept at the attempt's end. */
  readonly source: 'cluster' | 'evidence' | 'none'
  readonly lines: readonly string[]
}

export interface ServerLogs {
  /** `none`: no cluster is connected to this process that could be asked. */
  readonly source: 'cluster' | 'none'
  /** The newest first. */
  readonly pods: readonly ServerLog[]
}

export interface LedgerEndpoint {
  readonly entry: EndpointLedger
  readonly seen: SeenEndpoint | null
}

/** What the API asks of the rest of the house. Every function may throw a `Fault`. */
export interface ApiPorts {
  readonly records: Records
  readonly live: LiveState
  readonly tokens: Tokens
  /** The last lines of an attempt's log; of the current attempt where `attempt` is null. */
  logs(run: Run, attempt: number | null, lines: number): Promise<RunLog>
  submitJob(spec: JsonObject): Promise<SubmitResult>
  /** Raises `spec.rerun` of an ended run's spec and publishes; `runId` is the new run. */
  raiseRerun(run: Run): Promise<{
    readonly path: string
    readonly commit: string | null
    readonly pullRequest: string | null
    readonly runId: string
  }>
  /** Makes the next attempt of a waiting run due now. */
  skipBackoff(run: Run): Promise<void>
  operate(operations: readonly Operation[]): Promise<readonly OperationResult[]>
  /** What the servers of an endpoint said last, so many lines of each. */
  serverLogs(endpoint: EndpointKey, lines: number): Promise<ServerLogs>
  /** Every endpoint of the ledger, with what is in its cluster where one is connected. */
  endpoints(): Promise<readonly LedgerEndpoint[]>
  /** What waits for a pull request of the deploy repository. */
  proposals(): Promise<readonly ProposalView[]>
  readonly lifecycle: LifecyclePorts
  readonly models: ModelPorts
  /** Tells the reconciler that a run is worth a look. */
  changed(runId: string): void
  /** Where a forge may tell of pushes: the secret by which it proves itself, and who hears of it. */
  readonly webhook?: { readonly secret: string; pushed(): Promise<void> } | undefined
  readonly version: string
  now(): Date
  /** The `host:port` values under which this API may be asked. */
  readonly allowedHosts: readonly string[]
  log(entry: { level: 'debug' | 'info' | 'warn' | 'error'; message: string }): void
}
