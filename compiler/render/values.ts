import { labels } from '../../domain/names.ts'
import type { EndpointPlan, ModelPin, Variable } from '../../domain/plan.ts'
import { compareText } from '../../domain/problem.ts'
import { renderTemplate } from './template.ts'
import { pairs, resourcesView, schedulingView, variableViews, volumeView } from './view.ts'

/** Renders the chart values of an endpoint with the model version that it is pinned to. Same plan and pin in, same bytes out. */
export function renderValues(plan: EndpointPlan, pin: ModelPin): string {
  return renderTemplate('values', {
    framework: plan.framework,
    name: plan.name,
    project: plan.project,
    environment: plan.environment,
    labels: pairs({ [labels.project]: plan.project }),
    model: { name: pin.model, version: pin.version, digest: pin.digest, uri: pin.uri, family: plan.model.family },
    image: plan.image,
    hasImageFolder: plan.imageFolder !== null,
    imageFolder: plan.imageFolder,
    hasCommand: plan.command.length > 0,
    command: plan.command,
    hasArguments: plan.arguments.length > 0,
    arguments: plan.arguments,
    variables: variableViews(pinnedVariables(plan, pin)),
    hasVolumes: plan.volumes.length > 0,
    volumes: plan.volumes.map(volumeView),
    port: plan.port,
    route: plan.route,
    host: plan.ingressHost,
    probe: plan.probe,
    terminationGraceSeconds: plan.terminationGraceSeconds,
    resources: resourcesView(plan.resources),
    replicas: plan.replicas,
    autoscaled: plan.autoscale !== null,
    autoscale: plan.autoscale ?? { targetLatencyMs: null, gpuUtilization: null, cpuUtilization: null },
    rollout: {
      strategy: plan.rollout.strategy,
      maxSurge: plan.rollout.maxSurge,
      maxUnavailable: plan.rollout.maxUnavailable,
      isSplit: plan.rollout.trafficSplit !== null,
      old: plan.rollout.trafficSplit?.old ?? 0,
      new: plan.rollout.trafficSplit?.new ?? 0,
    },
    auth: plan.auth,
    hasPromptTemplate: plan.promptTemplate !== null,
    promptTemplate: plan.promptTemplate ?? { name: '', text: '' },
    ...schedulingView(plan.resources.nodeSelector, plan.resources.tolerations),
  })
}

function pinnedVariables(plan: EndpointPlan, pin: ModelPin): readonly Variable[] {
  const pinned: readonly Variable[] = [
    { name: 'MODEL_NAME', value: pin.model },
    { name: 'MODEL_VERSION', value: String(pin.version) },
    { name: 'MODEL_DIGEST', value: pin.digest },
    { name: 'MODEL_URI', value: pin.uri },
  ]
  return [...plan.variables, ...pinned].sort((left, right) => compareText(left.name, right.name))
}
