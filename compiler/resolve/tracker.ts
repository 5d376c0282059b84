import type { Variable } from '../../domain/plan.ts'
import type { PlannedTracker } from '../../domain/tracker.ts'
import type { Place } from './place.ts'

export interface ResolvedTracker {
  /** Undefined where the environment has none. */
  readonly tracker: PlannedTracker | undefined
  readonly variables: readonly Variable[]
}

/**
 * What a trainer needs to reach its environment's tracker, in the variables that MLflow's own client reads.
 * @param written the variables of the spec: a training may choose an experiment of its own
 */
export function resolveTracker(
  place: Place,
  key: { readonly project: string; readonly name: string },
  written: Readonly<Record<string, unknown>> | undefined,
): ResolvedTracker {
  const mlflow = place.environment.spec.tracker?.mlflow
  if (!mlflow) return { tracker: undefined, variables: [] }
  const chosen = written?.['MLFLOW_EXPERIMENT_NAME']
  const given = mlflow.experiment ?? `${key.project}/${key.name}`
  const experiment = typeof chosen === 'string' && chosen !== '' ? chosen : given
  const url = mlflow.url.replace(/\/+$/, '')
  return {
    tracker: { kind: 'mlflow', url, experiment },
    variables: [
      { name: 'MLFLOW_TRACKING_URI', value: url },
      ...(chosen === undefined ? [{ name: 'MLFLOW_EXPERIMENT_NAME', value: given }] : []),
      ...(mlflow.credentialsSecret === undefined
        ? []
        : [
            { name: 'MLFLOW_TRACKING_USERNAME', secret: mlflow.credentialsSecret, key: 'username' },
            { name: 'MLFLOW_TRACKING_PASSWORD', secret: mlflow.credentialsSecret, key: 'password' },
          ]),
      ...(mlflow.tokenSecret === undefined
        ? []
        : [{ name: 'MLFLOW_TRACKING_TOKEN', secret: mlflow.tokenSecret, key: 'token' }]),
    ],
  }
}
