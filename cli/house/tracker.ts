import { isFault } from '../../domain/fault.ts'
import { openMlflow } from '../../reconciler/sources/mlflow/open.ts'
import type { TrackerSource } from '../../reconciler/sources/tracker.ts'
import type { ProcessEnvironment } from './environment.ts'

/**
 * The experiment tracker that this process may ask, by the variables that MLflow's own client reads; undefined without a server's address there.
 * The address is never a spec's: what can be written there must not decide where our credentials go.
 * @param warn hears why an address is none of a server: many a shell has one of a folder or a database, and nothing stops for that
 */
export function openTracker(
  environment: ProcessEnvironment,
  warn: (message: string) => void,
): TrackerSource | undefined {
  const uri = environment['MLFLOW_TRACKING_URI']
  if (!uri) return undefined
  try {
    return openMlflow({
      uri,
      username: environment['MLFLOW_TRACKING_USERNAME'] || undefined,
      password: environment['MLFLOW_TRACKING_PASSWORD'] || undefined,
      token: environment['MLFLOW_TRACKING_TOKEN'] || undefined,
    })
  } catch (error) {
    if (!isFault(error, 'SETTINGS_INVALID')) throw error
    warn(`${error.message}: runs are not linked to MLflow. ${error.hint ?? ''}`)
    return undefined
  }
}
