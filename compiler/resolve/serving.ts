import {
  canonicalJson,
  canonicalMembers,
  type Json,
  type JsonObject,
  type WrittenMembers,
} from '../../domain/canonical.ts'
import { digestOfMembers } from '../../domain/names.ts'
import type { EndpointPlan, SpecSource } from '../../domain/plan.ts'
import { comparePlaces, type Problem } from '../../domain/problem.ts'
import type { ServingEndpoint } from '../../domain/specs.generated.ts'
import { escapePointer } from '../load/walk.ts'
import { problem } from '../problem.ts'
import type { SpecOf } from '../validate/validate.ts'
import { repairValue, validateValue, withoutTold } from '../validate/validate.ts'
import type { Catalogue } from './catalogue.ts'
import { doubting } from './doubt.ts'
import { isMapping, mergePatch, overlayLocator, withNulls } from './overlay.ts'
import type { Origins } from './origins.ts'
import { type Place, type Resolving, resolvePlace } from './place.ts'
import type { Merged } from './serving/installed.ts'
import { planEndpoint, type Planned } from './serving/plan.ts'

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
  const misfits = validateValue('ServingEndpoint', wholeOf(spec, merged, environment), at)
  return [...misfits, ...unknownKeysTakenAway(spec, merged, environment, patch, at, misfits)]
}

/** Keys that the overlay takes away and that no spec has: nothing of them is left in what it is merged into. */
function unknownKeysTakenAway(
  spec: SpecOf<'ServingEndpoint'>,
  merged: Merged,
  environment: string,
  patch: JsonObject,
  at: Resolving['at'],
  misfits: readonly Problem[],
): readonly Problem[] {
  const whole = withNulls(merged as unknown as Json, patch)
  if (whole === undefined) return []
  const overlay = `/spec/environments/${escapePointer(environment)}`
  const locateKey = (pointer: string): Problem['where'] => spec.document.locateKey(pointer.replace(/^\/spec/, overlay))
  const problems = validateValue('ServingEndpoint', wholeOf(spec, whole as unknown as Merged, environment), {
    ...{ locate: at.locate, written: at.written, locateKey },
  })
  const isTold = (one: Problem): boolean => misfits.some(({ where }) => comparePlaces(where, one.where) === 0)
  return problems.filter((one) => one.code === 'KEY_UNKNOWN' && !isTold(one))
}

/** A spec with the overlay of one environment, as the schema knows it. */
function wholeOf(spec: SpecOf<'ServingEndpoint'>, merged: Merged, environment: string): ServingEndpoint {
  return { ...spec.value, spec: { environments: { [environment]: {} }, ...merged } }
}
