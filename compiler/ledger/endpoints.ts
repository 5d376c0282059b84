import { canonicalJson, type Json } from '../../domain/canonical.ts'
import { type EndpointLedger, ledgerReleasesKept, type ModelLedger, paths } from '../../domain/ledger.ts'
import type { EndpointPlan, ModelPin } from '../../domain/plan.ts'
import type { Files } from '../../domain/publication.ts'
import { type DeployAddress, renderEndpointApplication } from '../render/application.ts'
import { renderValues } from '../render/values.ts'

export interface Chart {
  readonly version: string
  /** By their path inside the chart. */
  readonly files: Files
}

/** The pin of an endpoint by the rules of its plan; null while it waits for a model. `unknown`: the spec wants a version that is not there. */
export function decidePin(
  plan: EndpointPlan,
  kept: ModelPin | null,
  models: ModelLedger | undefined,
): ModelPin | null | 'unknown' {
  const versions = models?.versions ?? []
  const pinned = (version: (typeof versions)[number]): ModelPin => ({
    model: plan.model.ref,
    version: version.version,
    digest: version.digest,
    uri: version.uri,
  })
  if (plan.model.version !== null) {
    const wanted = versions.find((one) => one.version === plan.model.version)
    return wanted ? pinned(wanted) : 'unknown'
  }
  const newest = versions.at(-1)
  if (plan.follow === 'newest' && newest) return pinned(newest)
  return kept?.model === plan.model.ref ? kept : null
}

/** Why an endpoint without a pin waits. */
export function waitMessage(plan: EndpointPlan, models: ModelLedger | undefined): string {
  if (plan.follow === 'promotion')
    return `WAITING_FOR_MODEL: waits for a promotion of model ${plan.model.ref} to ${plan.environment}`
  return models?.versions.length
    ? `WAITING_FOR_MODEL: waits for a version of ${plan.model.ref}`
    : `WAITING_FOR_MODEL: model ${plan.model.ref} has no version yet`
}

/** The entry after this compilation: the same one when plan and pin are, else with a new revision and the old release remembered. */
export function nextEntry(
  plan: EndpointPlan,
  pin: ModelPin | null,
  before: EndpointLedger | undefined,
): EndpointLedger {
  const key = { format: 1 as const, environment: plan.environment, project: plan.project, name: plan.name }
  if (!before) return { ...key, plan, pin, revision: pin ? 1 : 0, past: [] }
  // The commit that a plan was compiled at is no reason to release it again.
  // A first release is one with the chart of today: that of the day when it was written may be nowhere any more.
  const isFirst = before.pin === null && pin !== null
  const kept = !isFirst && samePlan(before.plan, plan) ? before.plan : plan
  if (kept === before.plan && same(before.pin, pin)) return before
  if (!pin) return { ...before, plan: kept, pin }
  const release = before.pin ? [{ revision: before.revision, plan: before.plan, pin: before.pin }] : []
  return {
    ...key,
    plan: kept,
    pin,
    revision: before.revision + 1,
    past: [...release, ...before.past].slice(0, ledgerReleasesKept),
  }
}

/** The files of a pinned endpoint. */
export function endpointFiles(entry: EndpointLedger, deploy: DeployAddress): ReadonlyMap<string, string> {
  if (!entry.pin) return new Map()
  return new Map([
    [paths.endpointApplication(entry), renderEndpointApplication(entry.plan, deploy)],
    [paths.endpointValues(entry), renderValues({ plan: entry.plan, pin: entry.pin, revision: entry.revision }, null)],
  ])
}

/** The files of a chart version: as they stand in the deploy repository, or as this program ships them. */
export function chartFiles(version: string, chart: Chart, deployed: Files): ReadonlyMap<string, string> {
  const prefix = paths.chart(version, '')
  const vendored = [...deployed].filter(([path]) => path.startsWith(prefix))
  if (vendored.length > 0) return new Map(vendored)
  if (version !== chart.version) return new Map()
  return new Map([...chart.files].map(([path, text]) => [paths.chart(version, path), text]))
}

function samePlan(left: EndpointPlan, right: EndpointPlan): boolean {
  return same({ ...left, source: null, chartVersion: null }, { ...right, source: null, chartVersion: null })
}

function same(left: unknown, right: unknown): boolean {
  return canonicalJson(left as Json) === canonicalJson(right as Json)
}
