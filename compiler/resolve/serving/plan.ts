import type { Json, JsonObject } from '../../../domain/canonical.ts'
import type { EndpointPlan, SpecSource, Variable } from '../../../domain/plan.ts'
import type { SpecOf } from '../../validate/validate.ts'
import { namesOf, referenceHint } from '../catalogue.ts'
import { below, builtIn, made, noteIdentity, offered, offeredOr, written as fromSpec, writtenOr } from '../origins.ts'
import { type Place, type Resolving, resolveImage } from '../place.ts'
import { resolveResources } from '../resources.ts'
import { resolveStorage } from '../storage.ts'
import { partAt, tell } from '../tell.ts'
import { checkTexts, resolveVariables } from '../variables.ts'
import { checkBackend } from './check.ts'
import { auth, installedParts, type Merged, steps } from './installed.ts'

const defaultResources = { cpu: { request: '1', limit: '2' }, memory: { request: '1Gi', limit: '2Gi' } } as const

/** What a plan is made of. */
export interface Planned {
  readonly merged: Merged
  readonly digest: string
  /** Whether each part is as it was written: what parts mean together can be said of such a spec alone. */
  readonly isCertain: boolean
}

/** The plan of an endpoint in one environment, with what is wrong with it told. */
export function planEndpoint(
  spec: SpecOf<'ServingEndpoint'>,
  { merged, digest, isCertain }: Planned,
  place: Place,
  source: SpecSource,
  chartVersion: string,
  resolving: Resolving,
): EndpointPlan {
  const { project, name } = spec.value.metadata
  const environment = place.environment.metadata.name
  checkEndpoint(merged, resolving)
  checkTexts(merged, resolving)
  if (place.cluster === 'kubernetes' && !/^[a-z]/.test(name))
    tell(
      resolving,
      'FORMAT_WRONG',
      '/metadata/name',
      `an endpoint's Service has its name, "${name}", which must begin with a letter`,
      {
        hint: 'give the endpoint a name that begins with a letter',
      },
    )
  if (isCertain) checkBackend(merged, place, resolving)
  const storage = resolveStorage(place, true, resolving)
  noteIdentity('ServingEndpoint', resolving)
  const { origins } = resolving
  origins?.note('/environment', { from: 'spec', pointer: below('/spec/environments', environment) })
  const variables = [...ownVariables(merged, { environment, project, name }, resolving), ...storage.variables]
  const { image, imageFolder } = resolveImage(merged.image, place, resolving)
  const { replicas, autoscale, rollout } = scaling(merged, place, resolving)
  const { probe, auth: guarded, ingressHost, terminationGraceSeconds, follow } = behaviour(merged, place, resolving)
  return {
    format: 1,
    kind: 'ServingEndpoint',
    digest,
    environment,
    project,
    name,
    source,
    cluster: place.cluster,
    destination: place.destination,
    namespace: place.namespace,
    framework: fromSpec(resolving, '/framework', '/spec/framework', merged.framework),
    chartVersion: made(resolving, '/chartVersion', 'the chart that this version of Specyard ships', chartVersion),
    image,
    imageFolder,
    command: writtenOr(resolving, '/command', '/spec/command', merged.command, []),
    arguments: writtenOr(resolving, '/arguments', '/spec/args', merged.args, []),
    variables: resolveVariables(variables, merged.env, resolving, environment),
    volumes: storage.volumes,
    port: fromSpec(resolving, '/port', '/spec/port', merged.port),
    route: fromSpec(resolving, '/route', '/spec/route', merged.route),
    resources: resolveResources(merged.resources, defaultResources, place, resolving),
    replicas,
    autoscale,
    rollout,
    probe,
    auth: guarded,
    ingressHost,
    terminationGraceSeconds,
    follow,
    ...installedParts(merged, place, resolving),
    model: {
      ref: fromSpec(resolving, '/model/ref', '/spec/model/ref', merged.model.ref),
      family: fromSpec(resolving, '/model/family', '/spec/model/family', merged.model.family),
      jobType: writtenOr(resolving, '/model/jobType', '/spec/model/jobType', merged.model.jobType, null),
      version: writtenOr(resolving, '/model/version', '/spec/model/version', merged.model.version, null),
    },
    promptTemplate: promptTemplate(merged, resolving),
    deploymentSpec: made(
      resolving,
      '/deploymentSpec',
      'the values above, as records keep them',
      deploymentSpec(merged),
    ),
    rollbackPlan: writtenOr(resolving, '/rollbackPlan', '/spec/rollbackPlan', merged.rollbackPlan, null),
  }
}

/** How many replicas there are, and how new ones take the place of old ones. */
function scaling(
  merged: Merged,
  place: Place,
  at: Resolving,
): Pick<EndpointPlan, 'replicas' | 'autoscale' | 'rollout'> {
  const { replicas, autoscale, rollout } = merged
  const smallest = replicas?.min ?? 1
  const largest = replicas?.max
  const aim = (of: 'targetLatencyMs' | 'gpuUtilization' | 'cpuUtilization'): number | null =>
    writtenOr(at, aims[of][0], aims[of][1], autoscale?.[of], null)
  return {
    replicas: {
      min: writtenOr(at, '/replicas/min', '/spec/replicas/min', replicas?.min, 1),
      max:
        largest === undefined && smallest > 1
          ? fromSpec(at, '/replicas/max', '/spec/replicas/min', smallest)
          : writtenOr(at, '/replicas/max', '/spec/replicas/max', largest, 1),
    },
    autoscale: autoscale
      ? {
          targetLatencyMs: aim('targetLatencyMs'),
          gpuUtilization: aim('gpuUtilization'),
          cpuUtilization: aim('cpuUtilization'),
        }
      : builtIn(at, '/autoscale', null),
    rollout: {
      strategy: writtenOr(at, '/rollout/strategy', '/spec/rollout/strategy', rollout?.strategy, 'rolling' as const),
      trafficSplit: writtenOr(at, '/rollout/trafficSplit', '/spec/rollout/trafficSplit', rollout?.trafficSplit, null),
      maxSurge: writtenOr(at, '/rollout/maxSurge', '/spec/rollout/maxSurge', rollout?.maxSurge, 1),
      maxUnavailable: writtenOr(
        at,
        '/rollout/maxUnavailable',
        '/spec/rollout/maxUnavailable',
        rollout?.maxUnavailable,
        0,
      ),
      ...steps(merged, place, at),
    },
  }
}

const aims = {
  targetLatencyMs: ['/autoscale/targetLatencyMs', '/spec/autoscale/targetLatencyMs'],
  gpuUtilization: ['/autoscale/gpuUtilization', '/spec/autoscale/gpuUtilization'],
  cpuUtilization: ['/autoscale/cpuUtilization', '/spec/autoscale/cpuUtilization'],
} as const

/** What callers and the cluster see of it. */
function behaviour(
  merged: Merged,
  place: Place,
  at: Resolving,
): Pick<EndpointPlan, 'probe' | 'auth' | 'ingressHost' | 'terminationGraceSeconds' | 'follow'> {
  const { probe, terminationGraceSeconds: grace } = merged
  const { ingress, serving, follow } = place.environment.spec
  const { initialDelaySeconds: delay, periodSeconds: period } = probe ?? {}
  return {
    probe: {
      path: writtenOr(at, '/probe/path', '/spec/probe/path', probe?.path, '/healthz'),
      initialDelaySeconds: writtenOr(at, '/probe/initialDelaySeconds', '/spec/probe/initialDelaySeconds', delay, 0),
      periodSeconds: writtenOr(at, '/probe/periodSeconds', '/spec/probe/periodSeconds', period, 5),
    },
    auth: auth(merged, place, at),
    ingressHost:
      serving?.gateway?.host === undefined
        ? offeredOr(at, '/ingressHost', '/spec/ingress/host', ingress?.host, null)
        : offered(at, '/ingressHost', '/spec/serving/gateway/host', serving.gateway.host),
    terminationGraceSeconds: writtenOr(at, '/terminationGraceSeconds', '/spec/terminationGraceSeconds', grace, 30),
    follow: offeredOr(at, '/follow', '/spec/follow', follow, 'promotion' as const),
  }
}

function ownVariables(
  merged: Merged,
  key: { readonly environment: string; readonly project: string; readonly name: string },
  at: Resolving,
): readonly Variable[] {
  const { runtime } = merged
  const named = (name: string, value: string): Variable => ({ name, value })
  const limits = [
    ['MAX_CONCURRENT_REQUESTS', 'maxConcurrentRequests'],
    ['MAX_INPUT_TOKENS', 'maxInputTokens'],
    ['MAX_OUTPUT_TOKENS', 'maxOutputTokens'],
  ] as const
  return [
    fromSpec(at, '/variables/PORT', '/spec/port', named('PORT', String(merged.port))),
    fromSpec(at, '/variables/ROUTE', '/spec/route', named('ROUTE', merged.route)),
    fromSpec(at, '/variables/SERVE_TARGET', '/spec/serveTarget', named('SERVE_TARGET', merged.serveTarget)),
    made(at, '/variables/SPECYARD_ENVIRONMENT', 'the environment', named('SPECYARD_ENVIRONMENT', key.environment)),
    fromSpec(at, '/variables/SPECYARD_PROJECT', '/metadata/project', named('SPECYARD_PROJECT', key.project)),
    fromSpec(at, '/variables/SPECYARD_NAME', '/metadata/name', named('SPECYARD_NAME', key.name)),
    ...limits.flatMap(([name, of]) => {
      const value = runtime?.[of]
      if (value === undefined) return []
      at.origins?.note(`/variables/${name}`, { from: 'spec', pointer: `/spec/runtime/${of}` })
      return [named(name, String(value))]
    }),
  ]
}

/** The source document's DeploymentSpec. */
function deploymentSpec(merged: Merged): JsonObject {
  const { runtime, resources, rollout } = merged
  return defined({
    model_ref: merged.model.ref,
    model_family: merged.model.family,
    job_type: merged.model.jobType,
    serve_target: merged.serveTarget,
    resources: defined({ gpus: resources?.gpus ?? 0, gpu_memory_gb: resources?.gpuMemoryGb }),
    runtime: defined({
      max_concurrent_requests: runtime?.maxConcurrentRequests,
      max_input_tokens: runtime?.maxInputTokens,
      max_output_tokens: runtime?.maxOutputTokens,
    }),
    use_gpu: (resources?.gpus ?? 0) > 0,
    rollout: rollout && defined({ strategy: rollout.strategy, traffic_split: rollout.trafficSplit }),
  })
}

/** The parts that there are. */
function defined(parts: Readonly<Record<string, unknown>>): JsonObject {
  const kept: Record<string, Json> = {}
  for (const key of Object.keys(parts)) if (parts[key] !== undefined) kept[key] = parts[key] as Json
  return kept
}

function promptTemplate(merged: Merged, resolving: Resolving): EndpointPlan['promptTemplate'] {
  const ref = merged.promptTemplate?.ref
  if (ref === undefined) return builtIn(resolving, '/promptTemplate', null)
  resolving.origins?.note('/promptTemplate/name', { from: 'spec', pointer: '/spec/promptTemplate/ref' })
  resolving.origins?.note('/promptTemplate/text', {
    from: 'reference',
    kind: 'PromptTemplate',
    name: ref,
    pointer: '/spec/text',
  })
  const template = resolving.catalogue.promptTemplates.get(`${resolving.project}/${ref}`)
  if (template) return { name: ref, text: template.value.spec.text }
  if (resolving.catalogue.isBroken('PromptTemplate', resolving.project, ref)) return null
  const known = namesOf(resolving.catalogue.promptTemplates, resolving.project)
  const message = `project "${resolving.project}" has no prompt template "${ref}"`
  const hint = referenceHint(ref, known, 'PromptTemplate')
  tell(resolving, 'PROMPT_TEMPLATE_UNKNOWN', '/spec/promptTemplate/ref', message, { hint })
  return null
}

function checkEndpoint(merged: Merged, resolving: Resolving): void {
  const { at, project } = resolving
  const { models, isBroken } = resolving.catalogue
  if (!models.has(`${project}/${merged.model.ref}`) && !isBroken('Model', project, merged.model.ref)) {
    const hint = referenceHint(merged.model.ref, namesOf(models, project), 'Model')
    tell(resolving, 'MODEL_UNKNOWN', '/spec/model/ref', `project "${project}" has no model "${merged.model.ref}"`, {
      hint,
    })
  }
  const { min = 1, max = Math.max(1, min) } = merged.replicas ?? {}
  if (min > max) {
    tell(resolving, 'REPLICAS_ORDER', '/spec/replicas/min', `at least ${min} and at most ${max} replicas cannot be`, {
      hint: 'lower min or raise max',
      also: partAt(at, '/spec/replicas/max', 'the most'),
    })
  }
  const split = merged.rollout?.trafficSplit
  if (split && split.old + split.new !== 100) {
    const message = `the traffic split adds up to ${split.old + split.new}, not to 100`
    const parts = ['old', 'new'].flatMap((part) =>
      partAt(at, `/spec/rollout/trafficSplit/${part}`, `the ${part} share`),
    )
    tell(resolving, 'TRAFFIC_SPLIT_SUM', '/spec/rollout/trafficSplit', message, {
      hint: 'for example old: 90, new: 10',
      also: parts,
    })
  }
}
