import type { EndpointPlan } from '../../domain/plan.ts'
import type { Offers } from './offers.ts'
import type { EndpointRelease, Range, Surge } from './statement.ts'

/** Replicas that there may be: a fixed number without an autoscaler. */
export function replicasOf({ replicas, autoscale }: EndpointPlan): Range {
  return { low: replicas.min, high: autoscale ? replicas.max : replicas.min }
}

export function times(range: Range, factor: number): Range {
  return { low: range.low * factor, high: range.high * factor }
}

/** What an hour of an endpoint's GPUs costs; null where nobody knows. */
export function costPerHour(plan: EndpointPlan): Range | null {
  const { gpus, gpuPricePerHour } = plan.resources
  return gpuPricePerHour === null || gpus === 0 ? null : times(replicasOf(plan), gpus * gpuPricePerHour)
}

/**
 * Whether an endpoint has room for the pods that come before the old ones go.
 * @param asked GPUs of its type that everything published asks for after the change, itself without the surge included
 */
export function surgeOf(plan: EndpointPlan, what: EndpointRelease['what'], offers: Offers, asked: number): Surge {
  const { gpus, gpuType } = plan.resources
  const pods =
    what === 'rolls' && plan.rollout.strategy === 'rolling'
      ? plan.rollout.maxSurge
      : what === 'rolls' || what === 'begins' || what === 'moves'
        ? replicasOf(plan).high
        : 0
  const needed = pods * gpus
  const offered = gpuType === null ? null : (offers.get(plan.environment)?.get(gpuType) ?? null)
  const free = offered === null ? null : offered - asked
  // An endpoint that is new, or grows, needs room for itself.
  const room =
    needed === 0 && (what === 'rolls' || what === 'ends' || gpus === 0)
      ? 'not-needed'
      : free === null
        ? 'unknown'
        : free >= needed
          ? 'enough'
          : 'too-little'
  return { pods, gpus: needed, gpuType, room, offered, free }
}
