import {
  canonicalJson,
  canonicalMembers,
  type Json,
  type JsonObject,
  type WrittenMembers,
} from '../../domain/canonical.ts'
import { digestOfMembers } from '../../domain/names.ts'
import type { EndpointPlan, SpecSource, Variable } from '../../domain/plan.ts'
import type { Problem } from '../../domain/problem.ts'
import type { ServingEndpoint } from '../../domain/specs.generated.ts'
import { problem } from '../problem.ts'
import type { SpecOf } from '../validate/validate.ts'
import { repairValue, validateValue, withoutTold } from '../validate/validate.ts'
import { type Catalogue, namesOf, referenceHint } from './catalogue.ts'
import { doubting } from './doubt.ts'
import { isMapping, mergePatch, overlayLocator } from './overlay.ts'
import {
  below,
  builtIn,
  made,
  noteIdentity,
  offered,
  offeredOr,
  type Origins,
  written as fromSpec,
  writtenOr,
} from './origins.ts'
import { type Place, type Resolving, resolveImage, resolvePlace } from './place.ts'
import { resolveResources } from './resources.ts'
import { checkBackend } from './serving/check.ts'
import { auth, installedParts, type Merged, steps } from './serving/installed.ts'
import { resolveStorage } from './storage.ts'
import { partAt, tell } from './tell.ts'
import { checkTexts, resolveVariables } from './variables.ts'

const defaultResources = { cpu: { request: '1', limit: '2' }, memory: { request: '1Gi', limit: '2Gi' } } as const

/** What an overlay may not change. */
const forbidden = ['metadata', 'environments']

/** Resolves one serving spec for each environment that it names. */
export function resolveServing(
  spec: SpecOf<'ServingEndpoint'>,
  source: Omit<SpecSource, 'path' | 'line'>,
  chartVersion: string,
  context: {
    readonly catalogue: Catalogue
    readonly problems: Resolving['problems']
    readonly places?: Map<string, Place>
    /** For those who ask where the values of a plan come from. */
    readonly listen?: (environment: string) => Origins
  },
): readonly EndpointPlan[] {
  const { metadata, spec: written } = spec.value
  const { environments, ...base } = written
  const members = canonicalMembers(base as unknown as JsonObject)
  return Object.keys(environments).flatMap((environment) => {
    const overlay: unknown = environments[environment]
    const pointer = `/spec/environments/${environment}`
    if (!isMapping(overlay)) return []
    const { catalogue, problems, places, listen } = context
    const resolving: Resolving = {
      catalogue,
      problems,
      project: metadata.project,
      at: overlayLocator(spec.document, environment, overlay),
      ...(places ? { places } : {}),
      ...(listen ? { origins: listen(environment) } : {}),
    }
    for (const key of forbidden) {
      if (!(key in overlay)) continue
      context.problems.push(
        problem('OVERLAY_FORBIDDEN', spec.document.locateKey(`${pointer}/${key}`), `an overlay may not change ${key}`, {
          hint: 'an overlay is a patch over what stands under spec:',
        }),
      )
    }
    const place = resolvePlace(environment, () => spec.document.locateKey(pointer), resolving)
    const { metadata: _metadata, environments: _environments, ...patch } = overlay
    const merged = mergePatch(base as unknown as Json, patch, resolving.origins, '/spec') as unknown as Merged
    const misfits = misfitsOf(spec, merged, environment, patch, resolving)
    context.problems.push(...withoutTold(misfits, spec.document.told))
    if (!place) return []
    // Spread into a new object it takes the engine ten times as long, and has a shape of its own each time.
    const from = Object.assign({}, source, { path: spec.document.file, line: spec.document.line })
    const plan = (values: Planned, to: Resolving): EndpointPlan =>
      planEndpoint(spec, values, place, from, chartVersion, to)
    if (misfits.length === 0)
      return [plan({ merged, digest: digestOf(merged, base, members), isCertain: true }, resolving)]
    tellRest(wholeOf(spec, merged, environment), resolving, plan)
    return []
  })
}

/** What a plan is made of. */
interface Planned {
  readonly merged: Merged
  readonly digest: string
  /** Whether each part is as it was written: what parts mean together can be said of such a spec alone. */
  readonly isCertain: boolean
}

/**
 * Tells what the rest of a spec means whose overlay does not fit, as is done of specs without one: with what does not fit replaced, and nothing
 * said that depends on a replacement.
 * @param plan is asked for its problems; no plan comes of it
 */
function tellRest(
  whole: { readonly spec: Merged },
  resolving: Resolving,
  plan: (values: Planned, to: Resolving) => EndpointPlan,
): void {
  const repaired = repairValue('ServingEndpoint', whole)
  if (!repaired) return
  const { catalogue, project, at, places } = resolving
  const { locate, locateKey, certain } = doubting(at, repaired.invented)
  const problems: Problem[] = []
  const { environments: _environments, ...values } = (repaired.value as { readonly spec: ServingEndpoint['spec'] }).spec
  const isCertain = repaired.invented.length === 0
  plan(
    { merged: values, digest: '', isCertain },
    { catalogue, project, problems, at: { ...at, locate, locateKey }, ...(places ? { places } : {}) },
  )
  resolving.problems.push(...certain(problems))
}

/** What the overlay of an environment leaves as it is has been written already, for all of them. */
function digestOf(merged: Merged, base: Merged, members: WrittenMembers): string {
  const [values, before] = [merged as unknown as JsonObject, base as unknown as JsonObject]
  const all: Record<string, string> = {}
  for (const key of Object.keys(values)) {
    const value = values[key] ?? null
    all[key] = (value === before[key] ? members[key] : undefined) ?? canonicalJson(value)
  }
  return digestOfMembers('ServingEndpoint', all)
}

/** What does not fit the schema once the overlay stands over the spec. One that says nothing changes nothing: the spec was validated. */
function misfitsOf(
  spec: SpecOf<'ServingEndpoint'>,
  merged: Merged,
  environment: string,
  patch: JsonObject,
  { at }: Resolving,
): readonly Problem[] {
  if (Object.keys(patch).length === 0) return []
  return validateValue('ServingEndpoint', wholeOf(spec, merged, environment), at)
}

/** A spec with the overlay of one environment, as the schema knows it. */
function wholeOf(spec: SpecOf<'ServingEndpoint'>, merged: Merged, environment: string): ServingEndpoint {
  return { ...spec.value, spec: { environments: { [environment]: {} }, ...merged } }
}

function planEndpoint(
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
