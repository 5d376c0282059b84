import { canonicalJson } from '../../domain/canonical.ts'
import type { TrainingPlan, Variable } from '../../domain/plan.ts'
import { trackerTags } from '../../domain/tracker.ts'

/**
 * The tags that MLflow's client puts by itself on every run that the trainer begins: by them the attempt is found again. None without a tracker.
 * @see https://github.com/mlflow/mlflow/blob/master/mlflow/tracking/context/system_environment_context.py
 */
export function trackerVariables(plan: TrainingPlan, attempt: number): readonly Variable[] {
  if (plan.tracker === undefined) return []
  const tags = {
    [trackerTags.runId]: plan.id,
    [trackerTags.attempt]: String(attempt),
    [trackerTags.traceId]: plan.traceId,
    [trackerTags.environment]: plan.environment,
    [trackerTags.project]: plan.project,
    [trackerTags.name]: plan.name,
  }
  return [{ name: 'MLFLOW_RUN_CONTEXT', value: canonicalJson(tags) }]
}
