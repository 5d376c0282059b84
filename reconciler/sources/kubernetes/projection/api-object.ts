/*
 * Objects as the API server writes them in JSON. Everything may be missing: what is not there says nothing.
 */

export interface ApiObject {
  readonly metadata?: ApiMetadata
}

export interface ApiMetadata {
  readonly name?: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  /** When it will be gone: the time of the request and the grace that was given. */
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
  readonly finalizers?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Which fields were written by whom. */
  readonly managedFields?: readonly { readonly manager?: string; readonly fieldsV1?: unknown }[]
  readonly ownerReferences?: readonly {
    readonly kind?: string
    readonly name?: string
    readonly uid?: string
    readonly controller?: boolean
  }[]
}

export interface ApiCondition {
  readonly type?: string
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string | null
}

export interface ApiJob extends ApiObject {
  readonly spec?: { readonly suspend?: boolean }
  readonly status?: {
    readonly startTime?: string
    readonly active?: number
    readonly ready?: number
    readonly succeeded?: number
    readonly failed?: number
    readonly conditions?: readonly ApiCondition[]
  }
}

export interface ApiContainerStatus {
  readonly name?: string
  readonly imageID?: string
  readonly restartCount?: number
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: { readonly startedAt?: string }
    readonly terminated?: {
      readonly exitCode?: number
      readonly signal?: number
      readonly reason?: string
      readonly message?: string
      readonly startedAt?: string | null
      readonly finishedAt?: string | null
    }
  }
}

export interface ApiPod extends ApiObject {
  readonly spec?: {
    readonly nodeName?: string
    readonly initContainers?: readonly { readonly name?: string }[]
    readonly containers?: readonly { readonly name?: string }[]
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly startTime?: string
    readonly conditions?: readonly ApiCondition[]
    readonly initContainerStatuses?: readonly ApiContainerStatus[]
    readonly containerStatuses?: readonly ApiContainerStatus[]
  }
}

export interface ApiWorkload extends ApiObject {
  readonly status?: { readonly conditions?: readonly ApiCondition[] }
}

/** An event of `v1`; those of `events.k8s.io` are the same objects. */
export interface ApiEvent extends ApiObject {
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly count?: number
  readonly firstTimestamp?: string | null
  readonly lastTimestamp?: string | null
  readonly eventTime?: string | null
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string | null } | null
  readonly source?: { readonly component?: string }
  readonly reportingComponent?: string
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly uid?: string }
}

export interface ApiDeployment extends ApiObject {
  readonly spec?: {
    readonly replicas?: number
    readonly template?: { readonly metadata?: ApiMetadata }
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly conditions?: readonly ApiCondition[]
  }
}

export interface ApiApplication extends ApiObject {
  readonly status?: {
    readonly sync?: ApiRevision & { readonly status?: string }
    readonly conditions?: readonly ApiCondition[]
    readonly history?: readonly ApiRevision[]
    readonly operationState?: {
      readonly retryCount?: number
      readonly phase?: string
      readonly message?: string
      readonly finishedAt?: string | null
      readonly syncResult?: ApiRevision & { readonly resources?: readonly ApiSyncedResource[] }
    }
  }
}

export interface ApiSyncedResource {
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  readonly status?: string
  readonly message?: string
}

export interface ApiRevision {
  readonly revision?: string
  readonly revisions?: readonly string[]
}
