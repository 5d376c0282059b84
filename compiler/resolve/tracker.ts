import type { Variable } from '../../domain/plan.ts'
import type { PlannedTracker } from '../../domain/tracker.ts'
import { builtIn, type Listening, made, offered, written as fromSpec } from './origins.ts'
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
  listening: Listening,
): ResolvedTracker {
  const mlflow = place.environment.spec.tracker?.mlflow
  if (!mlflow) return { tracker: undefined, variables: [] }
  const at = '/spec/tracker/mlflow'
  const chosen = written?.['MLFLOW_EXPERIMENT_NAME']
  const given = (target: string): string =>
    mlflow.experiment === undefined
      ? made(listening, target, 'project and name', `${key.project}/${key.name}`)
      : offered(listening, target, `${at}/experiment`, mlflow.experiment)
  const experiment =
    typeof chosen === 'string' && chosen !== ''
      ? fromSpec(listening, '/tracker/experiment', '/spec/env/MLFLOW_EXPERIMENT_NAME', chosen)
      : given('/tracker/experiment')
  const url = offered(listening, '/tracker/url', `${at}/url`, mlflow.url.replace(/\/+$/, ''))
  const variable = (value: Variable, pointer: string): Variable =>
    listening.origins ? offered(listening, `/variables/${value.name}`, `${at}/${pointer}`, value) : value
  const secret = mlflow.credentialsSecret
  return {
    tracker: { kind: builtIn(listening, '/tracker/kind', 'mlflow'), url, experiment },
    variables: [
      variable({ name: 'MLFLOW_TRACKING_URI', value: url }, 'url'),
      ...(chosen === undefined
        ? [{ name: 'MLFLOW_EXPERIMENT_NAME', value: given('/variables/MLFLOW_EXPERIMENT_NAME') }]
        : []),
      ...(secret === undefined
        ? []
        : [
            variable({ name: 'MLFLOW_TRACKING_USERNAME', secret, key: 'username' }, 'credentialsSecret'),
            variable({ name: 'MLFLOW_TRACKING_PASSWORD', secret, key: 'password' }, 'credentialsSecret'),
          ]),
      ...(mlflow.tokenSecret === undefined
        ? []
        : [variable({ name: 'MLFLOW_TRACKING_TOKEN', secret: mlflow.tokenSecret, key: 'token' }, 'tokenSecret')]),
    ],
  }
}
