import type { CancelReason, LedgerModelVersion } from './ledger.ts'
import { type EndpointKey, keyText, type RunKey } from './names.ts'
import type { ModelStage } from './plan.ts'
import type { RolloutState } from './rollout.ts'
import type { FailureClass, RunOutcome } from './run.ts'

/**
 * A change of the deploy repository that compiles no spec: it edits its own ledger entries and files from stored plans and bytes.
 * Each names the state of the entry that it expects and is dropped where that no longer holds.
 */
export type Operation =
  /** Adds the next attempt of an active run. */
  | {
      readonly kind: 'retry'
      readonly key: RunKey
      readonly runId: string
      /** The newest attempt in the ledger; the operation is dropped when there is another. */
      readonly expectAttempt: number
      /** At least `expectAttempt` + 1: one more than the highest that ledger or record knows. */
      readonly attempt: number
      readonly failureClass: FailureClass
      readonly checkpointUri: string | null
    }
  /** Takes the manifests of ended attempts away and writes the outcome of the run where it has one. */
  | {
      readonly kind: 'retire'
      readonly key: RunKey
      readonly runId: string
      readonly attempts: readonly { readonly attempt: number; readonly failureClass: FailureClass | null }[]
      /** The outcome, when the run has ended; null while a later attempt goes on. */
      readonly outcome: RunOutcome | null
    }
  /** Writes the outcome of a run. Its manifests stay until they are retired. Late evidence of a lost one corrects it. */
  | {
      readonly kind: 'conclude'
      readonly key: RunKey
      readonly runId: string
      readonly outcome: RunOutcome
      /** Why its last attempt failed; null where it did not. Left out where an older version asked: the retirement says it then. */
      readonly last?: { readonly attempt: number; readonly failureClass: FailureClass | null }
    }
  /** Takes an active run's manifests away because a person asked for it. */
  | { readonly kind: 'cancel'; readonly key: RunKey; readonly runId: string; readonly reason: CancelReason }
  /** Adds a model version, and pins it where an endpoint's environment follows the newest. Dropped when a version has this digest. */
  | {
      readonly kind: 'register'
      readonly project: string
      readonly model: string
      readonly version: Omit<LedgerModelVersion, 'version'>
    }
  /** Moves a model version to another stage. Dropped when it is not in the expected one any more. */
  | {
      readonly kind: 'stage'
      readonly project: string
      readonly model: string
      readonly version: number
      readonly expect: ModelStage
      readonly stage: ModelStage
    }
  /** One step of a rollout. Dropped where the entry is not at the state that the person saw. */
  | {
      readonly kind: 'rollout'
      readonly key: EndpointKey
      readonly step: RolloutStep
      /** Per cent of the requests that the candidate is to get; null for every step but `set`. */
      readonly weight: number | null
      readonly expect: RolloutState
    }
  /** Goes back to the newest release that has worked and is another than the current one, and holds it there. */
  | { readonly kind: 'rollback'; readonly key: EndpointKey; readonly expect: RolloutState }
  /** Remembers that the stable release has been seen healthy with all of the traffic; ends a rollout that was promoted. */
  | { readonly kind: 'confirm'; readonly key: EndpointKey; readonly revision: number }

/** `resume` ends a pause and lifts a hold. */
export const rolloutSteps = ['set', 'pause', 'resume', 'promote', 'abort'] as const
export type RolloutStep = (typeof rolloutSteps)[number]

export type OperationKind = Operation['kind']

/** What became of an operation: applied, or why it was dropped. */
export type OperationResult =
  /** `commit`: of the deploy repository; left out before it is published. */
  | { readonly operation: Operation; readonly applied: true; readonly commit?: string }
  | { readonly operation: Operation; readonly applied: false; readonly why: string }

/** One text for one operation, equal for equal operations: the key under which an outbox row is unique. */
export function operationKey(operation: Operation): string {
  switch (operation.kind) {
    case 'retry':
      return `retry:${operation.runId}:${operation.attempt}`
    case 'retire':
      return `retire:${operation.runId}:${operation.attempts.map((one) => one.attempt).join(',')}:${operation.outcome ?? ''}`
    case 'conclude':
      return `conclude:${operation.runId}:${operation.outcome}`
    case 'cancel':
      return `cancel:${operation.runId}`
    case 'register':
      return `register:${operation.project}/${operation.model}:${operation.version.digest}:${operation.version.run.id}`
    case 'stage':
      return `stage:${operation.project}/${operation.model}@${operation.version}:${operation.expect}:${operation.stage}`
    case 'rollout':
      return `rollout:${keyText(operation.key)}:${operation.step}:${operation.weight ?? ''}:${stateText(operation.expect)}`
    case 'rollback':
      return `rollback:${keyText(operation.key)}:${stateText(operation.expect)}`
    case 'confirm':
      return `confirm:${keyText(operation.key)}:${operation.revision}`
  }
}

function stateText({ revision, candidate, weight }: RolloutState): string {
  return `${revision}:${candidate ?? ''}:${weight ?? ''}`
}
