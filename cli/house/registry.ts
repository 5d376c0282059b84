import { isFault } from '../../domain/fault.ts'
import { openMlflowRegistry } from '../../reconciler/sources/mlflow/registry.ts'
import type { ModelRegistry } from '../../reconciler/sources/registry.ts'
import type { ProcessEnvironment } from './environment.ts'

/** The model registry of the tracking server that this process may ask, by the variables that `openTracker` reads; it is the same server. */
export function openRegistry(environment: ProcessEnvironment): ModelRegistry | undefined {
  const uri = environment['MLFLOW_TRACKING_URI']
  if (!uri) return undefined
  try {
    return openMlflowRegistry({
      uri,
      username: environment['MLFLOW_TRACKING_USERNAME'] || undefined,
      password: environment['MLFLOW_TRACKING_PASSWORD'] || undefined,
      token: environment['MLFLOW_TRACKING_TOKEN'] || undefined,
    })
  } catch (error) {
    // An address that is none of a server is told of where runs are linked.
    if (isFault(error, 'SETTINGS_INVALID')) return undefined
    throw error
  }
}
