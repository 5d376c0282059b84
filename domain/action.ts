import { type Operation, operationKey } from './operation.ts'

/** What a transition asks for. Written to the outbox in the transition's transaction, done afterwards, at least once; each is idempotent. */
export type Action =
  /** Creates the lease Secret of the attempt for this one Job, with a fresh token. */
  | LeaseAction<'grant-lease'>
  /** Puts a fresh token into a lease that exists, for the same Job. */
  | LeaseAction<'rotate-token'>
  /** Puts a lease that no Job has in the place of an attempt's: what still waits for one, or starts again, ends at once. */
  | LeaseAction<'bar-lease'>
  /** Removes the lease Secret of a retired attempt. */
  | LeaseAction<'remove-lease'>
  /** Looks up what the experiment tracker has of an attempt that ended, closes what its trainer left open there, and records it. */
  | LinkTrackerAction
  /** Publishes an operation; several are batched into one commit. */
  | { readonly kind: 'operate'; readonly environment: string; readonly runId: string; readonly operation: Operation }

export interface LeaseAction<Kind extends string> {
  readonly kind: Kind
  readonly environment: string
  readonly namespace: string
  readonly runId: string
  readonly attempt: number
  /** UID of the Job that the lease is or was for; empty where there is none. */
  readonly jobUid: string
}

export interface LinkTrackerAction {
  readonly kind: 'link-tracker'
  readonly environment: string
  readonly runId: string
  readonly attempt: number
}

/** Actions that are done beside the passes of the reconciler, because what they ask may be slow or gone for long: nothing waits for them. */
export const besideKinds: readonly Action['kind'][] = ['link-tracker']

/** The key under which an outbox row that is not done yet is unique. */
export function actionKey(action: Action): string {
  if (action.kind === 'operate') return operationKey(action.operation)
  return `${action.kind}:${action.runId}:${action.attempt}`
}

/** Something worth telling about a run; stored with it, shown by `trace` and `GET /v1/jobs/{id}/events`. */
export interface RunEvent {
  readonly type: string
  /** CamelCase, as Kubernetes writes reasons. */
  readonly reason: string
  readonly message: string
  readonly attempt: number | null
  readonly details: Readonly<Record<string, unknown>>
}
