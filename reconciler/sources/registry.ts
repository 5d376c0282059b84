import type { SeenTrackerRun } from './tracker.ts'

/**
 * A registry of models, such as MLflow's, beside the ledger: it shows what the ledger has, and what people do there is a wish. Every method may be
 * slow. Each throws Fault TRACKER_UNREACHABLE or TRACKER_REFUSED.
 */
export interface ModelRegistry {
  readonly kind: 'mlflow'
  /** Base address without credentials, for messages. */
  readonly address: string
  run(id: string, signal: AbortSignal): Promise<SeenTrackerRun | undefined>
  /** The aliases of a registered model, and its versions; undefined when there is none of that name. */
  model(name: string, signal: AbortSignal): Promise<RegisteredModel | undefined>
  /** Makes a registered model where there is none of that name. */
  addModel(name: string, description: string, signal: AbortSignal): Promise<void>
  addVersion(version: NewRegistryVersion, signal: AbortSignal): Promise<RegistryVersion>
  /** A small text file that a run left; undefined where it left none of that path. The server fetches it: its address is never asked by us. */
  readArtifact(runId: string, path: string, signal: AbortSignal): Promise<string | undefined>
  writeArtifact(runId: string, path: string, text: string, signal: AbortSignal): Promise<void>
}

export interface RegisteredModel {
  /** Version by alias. */
  readonly aliases: Readonly<Record<string, string>>
  /** Bounded; the newest first. */
  readonly versions: readonly RegistryVersion[]
}

export interface RegistryVersion {
  readonly name: string
  /** The registry's own number. */
  readonly version: string
  readonly runId: string | null
  readonly tags: Readonly<Record<string, string>>
  /** Where a person looks at it. */
  readonly url: string
}

export interface NewRegistryVersion {
  readonly name: string
  readonly source: string
  readonly runId: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly description: string
}

/** Tags of a registry's version, by which the ledger's is found again. */
export const registryTags = {
  project: 'specyard.project',
  model: 'specyard.model',
  version: 'specyard.version',
  digest: 'specyard.digest',
} as const

/** Where the two specs stand among a run's artifacts. */
export const specArtifacts = {
  model: 'specyard/serving-model-spec.yaml',
  endpoint: 'specyard/serving-endpoint-spec.yaml',
} as const
