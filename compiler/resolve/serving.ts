import type { Json, JsonObject } from '../../domain/canonical.ts'
import { specDigest } from '../../domain/names.ts'
import type { EndpointPlan, SpecSource, Variable } from '../../domain/plan.ts'
import type { ServingEndpoint } from '../../domain/specs.generated.ts'
import { problem } from '../problem.ts'
import type { SpecOf } from '../validate/validate.ts'
import { validateValue } from '../validate/validate.ts'
import { type Catalogue, namesOf, referenceHint } from './catalogue.ts'
import { isMapping, mergePatch, overlayLocator } from './overlay.ts'
import { type Place, type Resolving, resolveImage, resolvePlace } from './place.ts'
import { resolveResources } from './resources.ts'
import { resolveStorage } from './storage.ts'
import { resolveVariables } from './variables.ts'

const defaultResources = { cpu: { request: '1', limit: '2' }, memory: { request: '1Gi', limit: '2Gi' } } as const

/** Resolves one serving spec for each environment that it names. */
export function resolveServing(
  spec: SpecOf<'ServingEndpoint'>,
  source: Omit<SpecSource, 'path' | 'line'>,
  chartVersion: string,
  context: { readonly catalogue: Catalogue; readonly problems: Resolving['problems'] },
): readonly EndpointPlan[] {
  const { metadata, spec: written } = spec.value
  const { environments, ...base } = written
  return Object.keys(environments).flatMap((environment) => {
    const overlay: unknown = environments[environment]
    const pointer = `/spec/environments/${environment}`
    if (!isMapping(overlay)) return []
    const resolving: Resolving = {
      ...context,
      project: metadata.project,
      at: overlayLocator(spec.document, environment, overlay),
    }
    for (const key of ['metadata', 'environments'].filter((one) => one in overlay)) {
      context.problems.push(
        problem('OVERLAY_FORBIDDEN', spec.document.locateKey(`${pointer}/${key}`), `an overlay may not change ${key}`, {
          hint: 'an overlay is a patch over what stands under spec:',
        }),
      )
    }
    const place = resolvePlace(environment, () => spec.document.locateKey(pointer), resolving)
    const { metadata: _metadata, environments: _environments, ...patch } = overlay
    const merged = mergePatch(base as unknown as Json, patch) as unknown as ServingEndpoint['spec']
    const whole = { ...spec.value, spec: { ...merged, environments: { [environment]: {} } } }
    const before = context.problems.length
    context.problems.push(...validateValue('ServingEndpoint', whole, resolving.at))
    if (!place || context.problems.length > before) return []
    return [
      planEndpoint(
        spec,
        merged,
        place,
        { ...source, path: spec.document.file, line: spec.document.line },
        chartVersion,
        resolving,
      ),
    ]
  })
}

type Merged = Omit<ServingEndpoint['spec'], 'environments'>

function planEndpoint(
  spec: SpecOf<'ServingEndpoint'>,
  merged: Merged,
  place: Place,
  source: SpecSource,
  chartVersion: string,
  resolving: Resolving,
): EndpointPlan {
  const { project, name } = spec.value.metadata
  const environment = place.environment.metadata.name
  checkEndpoint(merged, resolving)
  const storage = resolveStorage(place, true)
  const auth = merged.auth ?? place.environment.spec.auth
  return {
    format: 1,
    kind: 'ServingEndpoint',
    digest: specDigest('ServingEndpoint', merged as unknown as JsonObject),
    environment,
    project,
    name,
    source,
    cluster: place.cluster,
    destination: place.destination,
    namespace: place.namespace,
    framework: merged.framework,
    chartVersion,
    image: merged.image,
    imageFolder: resolveImage(merged.image, place, resolving),
    command: merged.command ?? [],
    arguments: merged.args ?? [],
    variables: resolveVariables(
      [...ownVariables(merged, { environment, project, name }), ...storage.variables],
      merged.env,
      resolving,
    ),
    volumes: storage.volumes,
    port: merged.port,
    route: merged.route,
    probe: {
      path: merged.probe?.path ?? '/healthz',
      initialDelaySeconds: merged.probe?.initialDelaySeconds ?? 0,
      periodSeconds: merged.probe?.periodSeconds ?? 5,
    },
    resources: resolveResources(merged.resources, defaultResources, place, resolving),
    replicas: { min: merged.replicas?.min ?? 1, max: merged.replicas?.max ?? Math.max(1, merged.replicas?.min ?? 1) },
    autoscale: merged.autoscale
      ? {
          targetLatencyMs: merged.autoscale.targetLatencyMs ?? null,
          gpuUtilization: merged.autoscale.gpuUtilization ?? null,
          cpuUtilization: merged.autoscale.cpuUtilization ?? null,
        }
      : null,
    rollout: {
      strategy: merged.rollout?.strategy ?? 'rolling',
      trafficSplit: merged.rollout?.trafficSplit ?? null,
      maxSurge: merged.rollout?.maxSurge ?? 1,
      maxUnavailable: merged.rollout?.maxUnavailable ?? 0,
    },
    auth: { type: auth?.type ?? 'none', issuer: auth?.issuer ?? null },
    ingressHost: place.environment.spec.ingress?.host ?? null,
    terminationGraceSeconds: merged.terminationGraceSeconds ?? 30,
    model: {
      ref: merged.model.ref,
      family: merged.model.family,
      jobType: merged.model.jobType ?? null,
      version: merged.model.version ?? null,
    },
    follow: place.environment.spec.follow ?? 'promotion',
    promptTemplate: promptTemplate(merged, resolving),
    deploymentSpec: deploymentSpec(merged),
    rollbackPlan: merged.rollbackPlan ?? null,
  }
}

function ownVariables(
  merged: Merged,
  key: { readonly environment: string; readonly project: string; readonly name: string },
): readonly Variable[] {
  const { runtime } = merged
  const limits: [string, number | undefined][] = [
    ['MAX_CONCURRENT_REQUESTS', runtime?.maxConcurrentRequests],
    ['MAX_INPUT_TOKENS', runtime?.maxInputTokens],
    ['MAX_OUTPUT_TOKENS', runtime?.maxOutputTokens],
  ]
  return [
    { name: 'PORT', value: String(merged.port) },
    { name: 'ROUTE', value: merged.route },
    { name: 'SERVE_TARGET', value: merged.serveTarget },
    { name: 'SPECYARD_ENVIRONMENT', value: key.environment },
    { name: 'SPECYARD_PROJECT', value: key.project },
    { name: 'SPECYARD_NAME', value: key.name },
    ...limits.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: String(value) }])),
  ]
}

/** The source document's DeploymentSpec. */
function deploymentSpec(merged: Merged): JsonObject {
  const { runtime, resources, rollout } = merged
  return JSON.parse(
    JSON.stringify({
      model_ref: merged.model.ref,
      model_family: merged.model.family,
      job_type: merged.model.jobType,
      serve_target: merged.serveTarget,
      resources: { gpus: resources?.gpus ?? 0, gpu_memory_gb: resources?.gpuMemoryGb },
      runtime: {
        max_concurrent_requests: runtime?.maxConcurrentRequests,
        max_input_tokens: runtime?.maxInputTokens,
        max_output_tokens: runtime?.maxOutputTokens,
      },
      use_gpu: (resources?.gpus ?? 0) > 0,
      rollout: rollout && { strategy: rollout.strategy, traffic_split: rollout.trafficSplit },
    }),
  ) as JsonObject
}

function promptTemplate(merged: Merged, resolving: Resolving): EndpointPlan['promptTemplate'] {
  const ref = merged.promptTemplate?.ref
  if (ref === undefined) return null
  const template = resolving.catalogue.promptTemplates.get(`${resolving.project}/${ref}`)
  if (template) return { name: ref, text: template.value.spec.text }
  if (resolving.catalogue.isBroken('PromptTemplate', resolving.project, ref)) return null
  const known = namesOf(resolving.catalogue.promptTemplates, resolving.project)
  resolving.problems.push(
    problem(
      'PROMPT_TEMPLATE_UNKNOWN',
      resolving.at.locate('/spec/promptTemplate/ref'),
      `project "${resolving.project}" has no prompt template "${ref}"`,
      {
        hint: referenceHint(ref, known, 'PromptTemplate'),
      },
    ),
  )
  return null
}

function checkEndpoint(merged: Merged, resolving: Resolving): void {
  const { at, problems, project } = resolving
  const { models, isBroken } = resolving.catalogue
  if (!models.has(`${project}/${merged.model.ref}`) && !isBroken('Model', project, merged.model.ref)) {
    const hint = referenceHint(merged.model.ref, namesOf(models, project), 'Model')
    problems.push(
      problem(
        'MODEL_UNKNOWN',
        at.locate('/spec/model/ref'),
        `project "${project}" has no model "${merged.model.ref}"`,
        { hint },
      ),
    )
  }
  if (merged.framework !== 'fastapi') {
    const hint = 'use framework: fastapi; it is the backend that the chart has today'
    problems.push(
      problem(
        'FRAMEWORK_UNSUPPORTED',
        at.locate('/spec/framework'),
        `the chart has no backend for ${merged.framework} yet`,
        { hint },
      ),
    )
  }
  const { min = 1, max = Math.max(1, min) } = merged.replicas ?? {}
  if (min > max) {
    problems.push(
      problem(
        'REPLICAS_ORDER',
        at.locate('/spec/replicas/min'),
        `at least ${min} and at most ${max} replicas cannot be`,
        { hint: 'lower min or raise max' },
      ),
    )
  }
  const split = merged.rollout?.trafficSplit
  if (split && split.old + split.new !== 100) {
    problems.push(
      problem(
        'TRAFFIC_SPLIT_SUM',
        at.locate('/spec/rollout/trafficSplit'),
        `the traffic split adds up to ${split.old + split.new}, not to 100`,
        { hint: 'for example old: 90, new: 10' },
      ),
    )
  }
}
