import { canonicalJson, type Json } from '../../domain/canonical.ts'
import type { EndpointPlan } from '../../domain/plan.ts'
import type { Offers } from './offers.ts'
import type { EndpointRelease, Range, Surge } from './statement.ts'

/**
 * Whether a release of another plan replaces the pods of an endpoint; one of another model version always does.
 */
export function rolls(before: EndpointPlan, after: EndpointPlan): boolean {
  return canonicalJson(inPodTemplate(before)) !== canonicalJson(inPodTemplate(after))
}

/**
 * What the chart puts into the pod template of an endpoint's Deployment (charts/serving-endpoint/templates/deployment.yaml);
 * test/charts/rolls.services.test.ts holds the two together.
 */
function inPodTemplate(plan: EndpointPlan): Json {
  const { gpus, gpuResource, cpuRequestMillicores, cpuLimitMillicores, memoryRequestBytes, memoryLimitBytes } =
    plan.resources
  const parts = {
    ...{ image: plan.image, command: plan.command, arguments: plan.arguments, port: plan.port, probe: plan.probe },
    ...{ variables: plan.variables, volumes: plan.volumes, grace: plan.terminationGraceSeconds },
    ...{ cpuRequestMillicores, cpuLimitMillicores, memoryRequestBytes, memoryLimitBytes },
    gpus: gpus > 0 ? [gpuResource, gpus] : [],
    ...{ nodeSelector: plan.resources.nodeSelector, tolerations: plan.resources.tolerations },
    prompt: plan.promptTemplate?.text ?? null,
    // Several replicas are asked to spread over nodes, a single one is not.
    spread: plan.replicas.min > 1,
    // The proxy stands in the same pods.
    guard: plan.auth.by === 'proxy' ? plan.auth : null,
    backend: plan.kserve ?? plan.rayServe ?? null,
  }
  return parts as unknown as Json
}

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
    what !== 'rolls' ? 0 : plan.rollout.strategy === 'rolling' ? plan.rollout.maxSurge : replicasOf(plan).high
  const needed = pods * gpus
  const offered = gpuType === null ? null : (offers.get(plan.environment)?.get(gpuType) ?? null)
  const free = offered === null ? null : offered - asked
  // An endpoint that is new, or grows, needs room for itself.
  const room =
    needed === 0 && (what === 'rolls' || gpus === 0)
      ? 'not-needed'
      : free === null
        ? 'unknown'
        : free >= needed
          ? 'enough'
          : 'too-little'
  return { pods, gpus: needed, gpuType, room, offered, free }
}
