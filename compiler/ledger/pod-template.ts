import { canonicalJson, type Json } from '../../domain/canonical.ts'
import type { EndpointPlan } from '../../domain/plan.ts'

/** Whether a release of another plan replaces the pods of an endpoint; one of another model version always does. */
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
