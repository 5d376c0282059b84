import { type EndpointLedger, type ModelLedger, paths } from '../../domain/ledger.ts'
import type { EndpointPlan, ModelPin } from '../../domain/plan.ts'
import type { Files } from '../../domain/publication.ts'
import { stableRelease } from '../../domain/rollout.ts'
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

/** The files of an endpoint that serves something. While a rollout is under way one Application has both releases, by the candidate's chart. */
export function endpointFiles(entry: EndpointLedger, deploy: DeployAddress): ReadonlyMap<string, string> {
  const stable = stableRelease(entry)
  if (!stable) return new Map()
  const { rollout, plan } = entry
  const shown = rollout
    ? { ...rollout.candidate.plan, autoscale: rollout.candidate.plan.autoscale ?? plan.autoscale }
    : plan
  const candidate = rollout ? { release: rollout.candidate, weight: rollout.weight } : null
  return new Map<string, string>()
    .set(paths.endpointApplication(entry), renderEndpointApplication(shown, deploy))
    .set(paths.endpointValues(entry), renderValues(stable, candidate))
}

/** The files of a chart version: as they stand in the deploy repository, or as this program ships them. */
export function chartFiles(version: string, chart: Chart, deployed: Files): ReadonlyMap<string, string> {
  const prefix = paths.chart(version, '')
  const vendored = [...deployed].filter(([path]) => path.startsWith(prefix))
  if (vendored.length > 0) return new Map(vendored)
  if (version !== chart.version) return new Map()
  return new Map([...chart.files].map(([path, text]) => [paths.chart(version, path), text]))
}
