import { labels } from '../../domain/names.ts'
import type { EndpointPlan, ModelPin, PlannedResources, Variable } from '../../domain/plan.ts'
import { compareText } from '../../domain/problem.ts'
import { mergedByName } from '../by-name.ts'
import { type Block, blockText } from './values/block.ts'
import type { ChartValues } from './values/chart-values.generated.ts'
import { cpuQuantity, memoryQuantity } from './quantity.ts'
import { installedValues } from './values/installed.ts'

/** What an endpoint serves, or is about to: a plan with the model version that it is pinned to. */
export interface Release {
  readonly plan: EndpointPlan
  readonly pin: ModelPin
  /** Counts the releases of the endpoint, from 1. */
  readonly revision: number
}

export interface Candidate {
  readonly release: Release
  /** Per cent of the callers that it gets, 0 to 100. */
  readonly weight: number
}

/** The first chart that takes a candidate. An endpoint keeps the chart that it was released with, and values fit that chart. */
const firstWithCandidates = [0, 2] as const

const opening = '# Values of the chart serving-endpoint for one endpoint in one environment. Written by Specyard.\n'
const foreign: ReadonlySet<string> = new Set(['labels', 'nodeSelector'])

/** The chart that two releases of an endpoint stand in together: that of the newer one. */
export function chartVersionOf(stable: Release, candidate: Candidate | null): string {
  return (candidate?.release ?? stable).plan.chartVersion
}

/**
 * Renders the chart values of an endpoint: of what it serves, and of the candidate beside it while one is rolled out. Same releases in, same
 * bytes out. Its route, its aims and who may call it are those of the stable release until the candidate takes its place.
 */
export function renderValues(stable: Release, candidate: Candidate | null): string {
  const values: object = takesCandidates(chartVersionOf(stable, candidate))
    ? chartValues(stable, candidate)
    : firstChartValues(stable)
  return blockText(opening, values as { readonly [key: string]: Block }, foreign)
}

function takesCandidates(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = firstWithCandidates
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}

/** Values of this chart; their type is made of its values.schema.json. */
function chartValues(stable: Release, candidate: Candidate | null): ChartValues {
  const { plan, revision } = stable
  // How callers come is the environment's matter, and the newer plan knows it as it is: an older one may have nothing that divides them.
  const newest = candidate?.release.plan ?? plan
  const { rollout, auth, ...installed } = installedValues(plan, newest)
  return Object.assign(
    served(stable, newest.ingressHost),
    { revision, rollout, auth, promptTemplate: promptValues(plan), ...installed },
    candidate ? { candidate: candidateValues(candidate) } : {},
  )
}

/** Values of the chart 0.1: to the byte what they always were, so that an upgrade changes nothing that runs. */
function firstChartValues(stable: Release) {
  const { plan } = stable
  const { strategy, maxSurge, maxUnavailable, trafficSplit } = plan.rollout
  return Object.assign(served(stable, plan.ingressHost), {
    rollout: { strategy, maxSurge, maxUnavailable, trafficSplit },
    auth: { type: plan.auth.type, issuer: plan.auth.issuer },
    promptTemplate: promptValues(plan),
  })
}

/** What every chart is told of the release that it serves. */
function served({ plan, pin }: Release, host: string | null) {
  const { autoscale } = plan
  return {
    framework: plan.framework,
    name: plan.name,
    project: plan.project,
    environment: plan.environment,
    labels: { [labels.project]: plan.project },
    ...containerValues(plan, pin),
    ...{ port: plan.port, route: plan.route, host },
    ...podValues(plan),
    replicas: { min: plan.replicas.min, max: plan.replicas.max },
    autoscale: autoscale && {
      targetLatencyMs: autoscale.targetLatencyMs,
      gpuUtilization: autoscale.gpuUtilization,
      cpuUtilization: autoscale.cpuUtilization,
    },
  }
}

function candidateValues({
  release: { plan, pin, revision },
  weight,
}: Candidate): NonNullable<ChartValues['candidate']> {
  return {
    ...{ weight, revision },
    replicas: { min: plan.replicas.min, max: plan.replicas.max },
    ...containerValues(plan, pin),
    port: plan.port,
    ...podValues(plan),
    promptTemplate: promptValues(plan),
  }
}

function containerValues(plan: EndpointPlan, pin: ModelPin) {
  return {
    model: { name: pin.model, version: pin.version, digest: pin.digest, uri: pin.uri, family: plan.model.family },
    image: plan.image,
    ...(plan.imageFolder === null ? {} : { imageFolder: plan.imageFolder }),
    command: [...plan.command],
    args: [...plan.arguments],
    env: pinnedVariables(plan, pin).map(variableValue),
    volumes: plan.volumes.map(({ name, source }) => ({
      name,
      ...('claim' in source
        ? { persistentVolumeClaim: { claimName: source.claim } }
        : { hostPath: { path: source.hostPath } }),
    })),
    volumeMounts: plan.volumes.map(({ name, mountPath, readOnly }) => ({ name, mountPath, readOnly })),
  }
}

function podValues(plan: EndpointPlan) {
  const { probe, resources } = plan
  return {
    probe: {
      path: probe.path,
      initialDelaySeconds: probe.initialDelaySeconds,
      periodSeconds: probe.periodSeconds,
    },
    terminationGracePeriodSeconds: plan.terminationGraceSeconds,
    resources: {
      requests: {
        cpu: cpuQuantity(resources.cpuRequestMillicores),
        memory: memoryQuantity(resources.memoryRequestBytes),
      },
      limits: limitsOf(resources),
    },
    nodeSelector: inOrder(resources.nodeSelector),
    tolerations: resources.tolerations.map(({ operator, key, value, effect }) => ({
      operator,
      ...(key === null ? {} : { key }),
      ...(value === null ? {} : { value }),
      ...(effect === null ? {} : { effect }),
    })),
  }
}

/** The same mapping with its keys in order; a few of one key are nearly all. */
function inOrder(mapping: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const keys = Object.keys(mapping)
  if (keys.length < 2) return mapping
  return Object.fromEntries(keys.sort(compareText).map((key) => [key, mapping[key] ?? '']))
}

function limitsOf({ cpuLimitMillicores, memoryLimitBytes, gpus, gpuResource }: PlannedResources) {
  const limits: Record<string, string | number> = {
    cpu: cpuQuantity(cpuLimitMillicores),
    memory: memoryQuantity(memoryLimitBytes),
  }
  if (gpus > 0) limits[gpuResource] = gpus
  return limits
}

function promptValues({ promptTemplate }: EndpointPlan): { name: string; text: string } | null {
  return promptTemplate && { name: promptTemplate.name, text: promptTemplate.text }
}

function variableValue(variable: Variable) {
  if ('value' in variable) return { name: variable.name, value: variable.value }
  const { name, secret, key } = variable
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } }
}

function pinnedVariables(plan: EndpointPlan, pin: ModelPin): readonly Variable[] {
  const pinned: readonly Variable[] = [
    { name: 'MODEL_DIGEST', value: pin.digest },
    { name: 'MODEL_NAME', value: pin.model },
    { name: 'MODEL_URI', value: pin.uri },
    { name: 'MODEL_VERSION', value: String(pin.version) },
  ]
  return mergedByName(plan.variables, pinned)
}
