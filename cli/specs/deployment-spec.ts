import type { Json, JsonObject } from '../../domain/canonical.ts'

/*
 * A DeploymentSpec of the source document beside a ServingEndpoint. Only what is given is changed; whether it fits is the compiler's to say, at
 * its place in the spec. `model_ref` is said by the model version, and `use_gpu` by the number of GPUs.
 */

const fields: readonly (readonly [written: readonly string[], spec: readonly string[]])[] = [
  [['model_family'], ['model', 'family']],
  [['job_type'], ['model', 'jobType']],
  [['serve_target'], ['serveTarget']],
  [
    ['resources', 'gpus'],
    ['resources', 'gpus'],
  ],
  [
    ['resources', 'gpu_memory_gb'],
    ['resources', 'gpuMemoryGb'],
  ],
  [
    ['runtime', 'max_concurrent_requests'],
    ['runtime', 'maxConcurrentRequests'],
  ],
  [
    ['runtime', 'max_input_tokens'],
    ['runtime', 'maxInputTokens'],
  ],
  [
    ['runtime', 'max_output_tokens'],
    ['runtime', 'maxOutputTokens'],
  ],
  [
    ['rollout', 'strategy'],
    ['rollout', 'strategy'],
  ],
  [
    ['rollout', 'traffic_split'],
    ['rollout', 'trafficSplit'],
  ],
]

/** What a DeploymentSpec changes of a spec: paths under `spec`, and values. */
export function specChanges(given: JsonObject | null): readonly (readonly [path: readonly string[], value: Json])[] {
  if (given === null) return []
  return fields.flatMap(([written, spec]) => {
    const value = valueAt(given, written)
    return value === undefined ? [] : [[spec, value] as const]
  })
}

function valueAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as JsonObject)[key] : undefined,
    value,
  )
}
