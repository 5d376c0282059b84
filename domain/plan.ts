import type { Json, JsonObject } from './canonical.ts'
import type { FailureClass } from './run.ts'
import type { PlannedTracker } from './tracker.ts'

/** Where a plan's spec was written and at which state of the spec repository it was compiled. */
export interface SpecSource {
  /** Remote URL without credentials, or null where there is none. */
  readonly repository: string | null
  /** Commit of the spec repository, null outside Git. */
  readonly commit: string | null
  /** Whether the working tree differed from that commit. */
  readonly dirty: boolean
  readonly path: string
  readonly line: number
}

export type ClusterKind = 'local' | 'kubernetes'

/** The cluster as Argo CD knows it: the name or the API server of a cluster that is registered there. */
export type Destination = { readonly name: string } | { readonly server: string }

/** An environment variable of a container: a literal, or a key of a Secret of the namespace. */
export type Variable =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly secret: string; readonly key: string }

export interface Volume {
  readonly name: string
  /** A folder of the node (local cluster: relative to the spec repository) or the name of a PersistentVolumeClaim. */
  readonly source: { readonly hostPath: string } | { readonly claim: string }
  /** Where the container sees it; on the local cluster relative to the working folder. */
  readonly mountPath: string
  readonly readOnly: boolean
}

export interface Toleration {
  readonly key: string | null
  readonly operator: 'Exists' | 'Equal'
  readonly value: string | null
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' | null
}

export interface PlannedResources {
  readonly cpuRequestMillicores: number
  readonly cpuLimitMillicores: number
  readonly memoryRequestBytes: number
  readonly memoryLimitBytes: number
  readonly gpus: number
  /** Extended resource of the GPUs, e.g. `nvidia.com/gpu`. */
  readonly gpuResource: string
  readonly gpuType: string | null
  readonly gpuPricePerHour: number | null
  readonly nodeSelector: Readonly<Record<string, string>>
  readonly tolerations: readonly Toleration[]
}

/** What an environment or a project makes of a training's manifest otherwise than Specyard does. */
export interface Shaping {
  /** Handlebars; null for Specyard's own. */
  readonly template: { readonly path: string; readonly text: string } | null
  /** In the order in which they are applied. */
  readonly patches: readonly PlannedPatch[]
}

/** A JSON Patch (RFC 6902) or a strategic merge patch of every object of a kind. */
export type PlannedPatch = { readonly kind: 'Job' | 'Service' } & (
  | { readonly operations: readonly PatchOperation[]; readonly merge?: never }
  | { readonly merge: JsonObject; readonly operations?: never }
)

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  readonly path: string
  readonly from?: string
  readonly value?: Json
}

/** One training spec resolved for one environment: all that the renderer and later operations need, nothing optional. Plain JSON. */
export interface TrainingPlan {
  readonly format: 1
  readonly kind: 'TrainingJob'
  readonly id: string
  readonly traceId: string
  readonly digest: string
  /** The digits of the digest that names carry. */
  readonly shortDigest: string
  readonly environment: string
  readonly project: string
  readonly name: string
  readonly source: SpecSource
  readonly cluster: ClusterKind
  readonly namespace: string
  readonly image: string
  /** Local cluster only: the folder, relative to the spec repository, that holds the image's files. */
  readonly imageFolder: string | null
  readonly command: readonly string[]
  readonly arguments: readonly string[]
  /** Every variable of the trainer but those of the attempt (`ATTEMPT`, `CHECKPOINT_URI`, `CALLBACK_TOKEN`, `CALLBACK_TOKEN_FILE`). Sorted by name. */
  readonly variables: readonly Variable[]
  readonly volumes: readonly Volume[]
  readonly resources: PlannedResources
  readonly nodes: number
  readonly queue: string | null
  readonly lease: { readonly mode: 'required' | 'optional'; readonly image: string }
  readonly retry: {
    readonly maxRetries: number
    readonly on: readonly FailureClass[]
    readonly backoffSeconds: number
    readonly maxDisruptions: number
  }
  readonly timeoutSeconds: number
  readonly ttlSecondsAfterFinished: number
  readonly exitGraceSeconds: number
  readonly nodeLostSeconds: number
  readonly terminationGraceSeconds: number
  /** A run whose step stands still for longer than this many of its own step times is stalled; and whether that ends it. */
  readonly stall: { readonly factor: number; readonly end: boolean }
  readonly output: { readonly model: string; readonly stage: ModelStage } | null
  /** Left out where the environment has none, so that plans and manifests without one stay what they are, byte for byte. */
  readonly tracker?: PlannedTracker
  /** Left out where nobody shapes the manifest. Whole, because a later attempt is rendered by what its run began with. */
  readonly shaping?: Shaping
  /** The `task`, `jobType`, `model`, `dataset` and `training` blocks, resolved; `TRAINING_CONFIG` carries them too. */
  readonly training: JsonObject
}

export const modelStages = ['experimental', 'staging', 'production', 'archived'] as const
export type ModelStage = (typeof modelStages)[number]

/** A model version that an endpoint is pinned to. */
export interface ModelPin {
  readonly model: string
  /** Our number, counted from 1 for each model. */
  readonly version: number
  /** `sha256:` and 64 hexadecimal digits: the identity of the version. */
  readonly digest: string
  readonly uri: string
}

export interface PlannedSteps {
  /** Per cent of the callers. */
  readonly stepPercent: number
  /** Per cent of the capacity that may come beyond it. */
  readonly surgePercent: number
  readonly intervalSeconds: number
  readonly gatewayClass: string
}

/** Who may call an endpoint. What `none` and the first chart did not know is left out. */
export interface PlannedAuth {
  readonly type: 'none' | 'jwt' | 'api-key'
  readonly issuer: string | null
  readonly jwksUri?: string
  readonly audiences?: readonly string[]
  /** Secret of the namespace with a key for each caller. */
  readonly secret?: string
  /** What keeps callers out: the gateway itself, or a proxy beside each server. */
  readonly by?: 'envoy-gateway' | 'proxy'
  /** Of the proxy. */
  readonly image?: string
}

export interface PlannedPrometheus {
  readonly url?: string
  readonly serviceMonitor: boolean
  readonly labels: Readonly<Record<string, string>>
  /** Histogram of durations in seconds that the server counts its requests in. */
  readonly latencyMetric: string
}

/** KServe as the environment has it. */
export interface PlannedKserve {
  readonly version: string
  readonly mode: 'Standard' | 'Knative'
  /** Requests at the same time in one pod. */
  readonly concurrency: number | null
}

/** KubeRay as the environment has it, and what it runs. */
export interface PlannedRayServe {
  readonly version: string
  readonly rayVersion: string
  readonly importPath: string
  readonly deployment: string
  /** Requests at the same time in one replica. */
  readonly concurrency: number | null
}

/** One serving spec resolved for one environment, without the model it is pinned to. Plain JSON. */
export interface EndpointPlan {
  readonly format: 1
  readonly kind: 'ServingEndpoint'
  readonly digest: string
  readonly environment: string
  readonly project: string
  readonly name: string
  readonly source: SpecSource
  readonly cluster: ClusterKind
  readonly destination: Destination
  readonly namespace: string
  readonly framework: 'fastapi' | 'kserve' | 'ray_serve'
  readonly chartVersion: string
  readonly image: string
  /** Local cluster only: the folder, relative to the spec repository, that holds the image's files. */
  readonly imageFolder: string | null
  readonly command: readonly string[]
  readonly arguments: readonly string[]
  readonly variables: readonly Variable[]
  readonly volumes: readonly Volume[]
  readonly port: number
  readonly route: string
  readonly probe: { readonly path: string; readonly initialDelaySeconds: number; readonly periodSeconds: number }
  readonly resources: PlannedResources
  readonly replicas: { readonly min: number; readonly max: number }
  readonly autoscale: {
    readonly targetLatencyMs: number | null
    readonly gpuUtilization: number | null
    readonly cpuUtilization: number | null
  } | null
  readonly rollout: {
    readonly strategy: 'rolling' | 'canary' | 'blue-green'
    readonly trafficSplit: { readonly old: number; readonly new: number } | null
    readonly maxSurge: number
    readonly maxUnavailable: number
    /** Where the backend moves callers by itself, step by step; left out where it does not. */
    readonly steps?: PlannedSteps
  }
  readonly auth: PlannedAuth
  readonly ingressHost: string | null
  // What the environment has for it, and it makes use of. Left out where there is none, so that plans without stay what they are.
  readonly gateway?: { readonly name: string; readonly namespace: string; readonly section?: string }
  readonly ingress?: { readonly className?: string; readonly controller?: 'ingress-nginx' | 'other' }
  readonly autoscaler?: 'hpa' | 'keda'
  readonly prometheus?: PlannedPrometheus
  readonly kserve?: PlannedKserve
  readonly rayServe?: PlannedRayServe
  readonly terminationGraceSeconds: number
  readonly model: {
    readonly ref: string
    readonly family: string
    readonly jobType: string | null
    /** The version that the spec itself pins, or null where promotion or `follow` decides. */
    readonly version: number | null
  }
  readonly follow: 'newest' | 'promotion'
  readonly promptTemplate: { readonly name: string; readonly text: string } | null
  /** The seed document's DeploymentSpec, as `serving_endpoints.deployment_spec` stores it. */
  readonly deploymentSpec: JsonObject
  readonly rollbackPlan: string | null
}
