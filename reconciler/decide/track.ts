import type { RunObservation } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Decision } from './decision.ts'

/**
 * Asks for the tracker's side of every attempt that ended, once, where its environment has a tracker or its trainer named a run there.
 * Again only when there is more to go by: the trainer named it late, or the attempt ended otherwise than it was thought.
 * Nothing of the run's state waits for it.
 */
export function linkTrackers(decision: Decision, seen: RunObservation, plan: TrainingPlan): void {
  const { environment, id: runId } = decision.run
  for (const { attempt, state, endedAt, retiredAt } of decision.run.attempts) {
    if (endedAt === null || retiredAt !== null) continue
    const trackerRunId = seen.said.find((one) => one.attempt === attempt)?.done?.trackerRunId ?? null
    if (trackerRunId === null && plan.tracker === undefined) continue
    const known = `tracker of attempt ${attempt}: ${state}, ${trackerRunId ?? 'by its tags'}`
    if (decision.run.waitingSince[known] !== undefined) continue
    if (decision.ask({ kind: 'link-tracker', environment, runId, attempt })) decision.since(known)
  }
}
