import type { Done } from '../../domain/callback.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Decision } from './decision.ts'
import { operate } from './retire.ts'

/** Asks for the model version of a successful run: the artifact named `model`, or the only one. */
export function registration(decision: Decision, plan: TrainingPlan, done: Done | null): void {
  if (!plan.output) return
  const artifacts = done?.artifacts ?? []
  const artifact = artifacts.find((one) => one.name === 'model') ?? (artifacts.length === 1 ? artifacts[0] : undefined)
  if (!artifact) {
    decision.tell(
      'register',
      'NoModelArtifact',
      `it was to register a version of ${plan.output.model}, but its trainer reported no artifact named "model"`,
    )
    return
  }
  const { run } = decision
  const training = plan.training['training']
  decision.ask(
    operate(decision, {
      kind: 'register',
      project: plan.project,
      model: plan.output.model,
      version: {
        digest: artifact.digest,
        uri: artifact.uri,
        sizeBytes: artifact.sizeBytes,
        stage: plan.output.stage,
        run: { id: run.id, attempt: run.attempt, environment: plan.environment },
        framework: null,
        hyperparameters:
          typeof training === 'object' && training !== null && !Array.isArray(training) ? { ...training } : {},
        metrics: done?.metrics ?? {},
      },
    }),
  )
}
