import type { TrainingPlan } from '../../domain/plan.ts'
import type { Estimate, Range } from './statement.ts'

/** Older runs tell less of the next one. */
const pastRunsMax = 10

/** What a run will take: as its past runs took, or, where there is none, at most what its limits allow. */
export function estimate(plan: TrainingPlan, pastHours: readonly number[] | undefined): Estimate {
  const { gpus: perPod, gpuType, gpuPricePerHour } = plan.resources
  const gpus = perPod * plan.nodes
  const past = (pastHours ?? []).slice(0, pastRunsMax)
  const attempts = past.length > 0 ? 1 : plan.retry.maxRetries + 1
  const hours: Range =
    past.length > 0
      ? { low: Math.min(...past), high: Math.max(...past) }
      : { low: 0, high: (plan.timeoutSeconds / 3600) * attempts }
  const gpuHours = { low: hours.low * gpus, high: hours.high * gpus }
  const cost =
    gpus === 0 || gpuPricePerHour === null
      ? null
      : { low: gpuHours.low * gpuPricePerHour, high: gpuHours.high * gpuPricePerHour }
  const basis = past.length > 0 ? 'past-runs' : 'limits'
  return { basis, pastRuns: past.length, attempts, gpus, gpuType, hours, gpuHours, cost }
}

/** Of several runs together. */
export function total(estimates: readonly Estimate[]): {
  readonly gpuHours: Range
  readonly cost: Range | null
  readonly unpriced: number
} {
  const withGpus = estimates.filter(({ gpus }) => gpus > 0)
  const priced = withGpus.flatMap(({ cost }) => (cost === null ? [] : [cost]))
  return {
    gpuHours: sum(withGpus.map(({ gpuHours }) => gpuHours)),
    cost: priced.length === 0 ? null : sum(priced),
    unpriced: withGpus.length - priced.length,
  }
}

function sum(ranges: readonly Range[]): Range {
  return ranges.reduce((all, one) => ({ low: all.low + one.low, high: all.high + one.high }), { low: 0, high: 0 })
}
