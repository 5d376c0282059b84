import type { ContainerEnd } from '../process/pod-files.ts'
import type { EndpointValues } from './endpoint-values.ts'
import type { JobSpec, PodSpec } from './pod-spec.ts'

/** What the deploy repository asks of an endpoint. */
export interface DesiredEndpoint {
  readonly namespace: string
  readonly values: EndpointValues
  /** Tells one state of the values from another. */
  readonly release: string
}

/** Objects of the local cluster as they stand on disk: plain JSON, times in ISO 8601. */
export interface StoredCondition {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
  readonly at: string
}

export interface JobObject {
  readonly format: 1
  /** The Application that owns it. */
  readonly application: string
  readonly environment: string
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: JobSpec
  /** SHA-256 over the spec as it was applied: it never changes afterwards. */
  readonly specHash: string
  readonly createdAt: string
  readonly startedAt: string | null
  readonly deletionRequestedAt: string | null
  readonly conditions: readonly StoredCondition[]
}

export type PodOwner =
  | { readonly kind: 'Job'; readonly uid: string; readonly runId: string; readonly attempt: number }
  | {
      readonly kind: 'Endpoint'
      readonly application: string
      readonly key: string
      readonly track: 'stable' | 'candidate'
      readonly release: string
    }

export interface PodObject {
  readonly format: 1
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly environment: string
  readonly labels: Readonly<Record<string, string>>
  readonly owner: PodOwner
  readonly spec: PodSpec
  readonly imageFolder: string | null
  /** Variables that win over the manifest's: an endpoint's port. */
  readonly forced: Readonly<Record<string, string>>
  readonly deadlineAt: string | null
  readonly createdAt: string
  readonly deletionRequestedAt: string | null
  /** Since when it is being stopped because its Job has failed; its object stays. */
  readonly stopRequestedAt: string | null
  /** Since when the node takes it down. */
  readonly disruptionRequestedAt: string | null
  readonly imageDigest: string | null
  readonly end: PodEnd | null
}

export interface PodEnd {
  readonly phase: 'Succeeded' | 'Failed'
  readonly reason: string
  readonly message: string
  /** True when it gets the condition DisruptionTarget. */
  readonly disrupted: boolean
  readonly containers: readonly EndedContainer[]
  /** The container that ran when the pod was lost: how it ended nobody knows. */
  readonly unknown: { readonly name: string; readonly startedAt: string } | null
  readonly finishedAt: string
}

export interface EndedContainer extends ContainerEnd {
  /** The last lines of its log when it failed. */
  readonly message: string
}

export interface SecretObject {
  readonly format: 1
  readonly name: string
  readonly namespace: string
  readonly data: Readonly<Record<string, string>>
  /** Null for a Secret that a person put there. */
  readonly lease: {
    readonly environment: string | null
    readonly runId: string
    readonly attempt: number
    readonly jobUid: string
    readonly tokenExpiresAt: string
  } | null
}

export interface EndpointObject {
  readonly format: 1
  readonly application: string
  /** What it serves; it goes on doing so while its Application cannot be read. */
  readonly desired: DesiredEndpoint
  /** The port at which the endpoint answers, whichever process serves it; null before it had one. */
  readonly servicePort: number | null
}
