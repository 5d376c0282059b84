import { percentageOf } from '../../domain/callback.ts'
import type { RunObservation } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Progress, Run } from '../../domain/run.ts'
import type { Decision } from './decision.ts'
import { type Rules, secondsBetween } from './rules.ts'
import { type Sight, trainerOf } from './sight.ts'

/** How far the attempt is by its newest heartbeat; undefined when the record says so already. */
export function progressOf(run: Run, sight: Sight): Progress | undefined {
  const heartbeat = sight.said?.lastHeartbeat
  if (!heartbeat) return undefined
  // As the heartbeat's own transaction wrote it, to the last digit: else a running training would be written anew at every look.
  const progress: Progress = {
    step: heartbeat.step,
    epoch: heartbeat.epoch ?? run.progress?.epoch ?? null,
    totalEpochs: heartbeat.totalEpochs ?? run.progress?.totalEpochs ?? null,
    percentage: percentageOf(heartbeat) ?? run.progress?.percentage ?? null,
  }
  return JSON.stringify(progress) === JSON.stringify(run.progress) ? undefined : progress
}

/**
 * Whether a running training stands still: its step has not moved for longer than a multiple of its own mean step time.
 * A heartbeat with the same step is a sign of life of the process, not of the training.
 * @returns how it stands still; undefined where it does not
 */
export function stallOf(
  decision: Decision,
  sight: Sight,
  seen: RunObservation,
  plan: TrainingPlan,
  rules: Rules,
): string | undefined {
  const heartbeat = sight.said?.lastHeartbeat
  const startedAt = trainerOf(sight.livePods.at(-1) ?? sight.pods[0] ?? nothing)?.startedAt
  if (!heartbeat || heartbeat.step <= 0 || !startedAt || sight.said?.done) return undefined
  const key = `step ${heartbeat.step} of attempt ${sight.attempt.attempt}`
  for (const other of Object.keys(decision.run.waitingSince))
    if (other.startsWith('step ') && other !== key) decision.forget(other)
  const since = decision.since(key)
  const stepSeconds = Math.max(0.001, secondsBetween(startedAt, since)) / heartbeat.step
  const still = secondsBetween(since, seen.at)
  if (still < Math.max(rules.stallSecondsMin, plan.stall.factor * stepSeconds)) return undefined
  const how = `step ${heartbeat.step} has stood still for ${Math.round(still)} s; a step took ${stepSeconds.toPrecision(2)} s so far`
  if (decision.run.verdict !== 'STALLED') decision.tell('stall', 'Stalled', how)
  return how
}

const nothing = { containers: [] } as unknown as Parameters<typeof trainerOf>[0]
