import type { JsonObject } from '../../domain/canonical.ts'
import type { Endpoint } from '../../domain/endpoint.ts'
import type { Problem } from '../../domain/problem.ts'
import type { ModelVersion } from '../../records/records.ts'

/** What is to serve a model version, and where. */
export interface DeployRequest {
  readonly version: ModelVersion
  /** Names that the Environment may have; the first that there is counts. */
  readonly environments: readonly string[]
  /** Name of the endpoint, where several serve the model. */
  readonly endpoint: string | null
  readonly instances: number | null
  readonly instanceType: string | null
  readonly autoScaling: boolean | null
  /** A DeploymentSpec; null keeps what is written. */
  readonly deploymentSpec: JsonObject | null
}

/** A change of the spec repository that was checked and not made yet. */
export interface PlannedDeploy {
  readonly kind: 'planned'
  readonly endpoint: Endpoint
  /** Why nothing is served yet once it is made, e.g. a pull request that has to be merged. */
  readonly message: string
  carryOut(): Promise<CarriedOut>
}

export interface CarriedOut {
  /** Of the deploy repository where it was published, else of the spec repository; null where a person has to commit it. */
  readonly commit: string | null
  readonly pullRequest: string | null
}

export type DeployPlan =
  | PlannedDeploy
  /** It is served just so already. */
  | { readonly kind: 'unchanged'; readonly endpoint: Endpoint }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string }

/** What the lifecycle API asks of the rest of the house. Every function may throw a `Fault`. */
export interface LifecyclePorts {
  /** What is to be changed so that a model version is served; nothing is changed yet. */
  planDeploy(request: DeployRequest): Promise<DeployPlan>
}
