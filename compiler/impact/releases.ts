import { canonicalJson } from '../../domain/canonical.ts'
import { type EndpointLedger, type EndpointRelease as LedgerRelease, paths } from '../../domain/ledger.ts'
import { type LedgerView, readLedger } from '../../domain/ledger-files.ts'
import { keyText } from '../../domain/names.ts'
import type { EndpointPlan, ModelPin, PlannedResources } from '../../domain/plan.ts'
import { compareText, type Place } from '../../domain/problem.ts'
import type { Deployed } from '../../domain/publication.ts'
import { lastAsked } from '../../domain/rollout.ts'
import type { CompileResult } from '../compile-types.ts'
import { applied } from './applied.ts'
import { rolls } from '../ledger/pod-template.ts'
import { changedValues } from './changes.ts'
import type { Offers } from './offers.ts'
import { costPerHour, replicasOf, surgeOf, times } from './rollout.ts'
import type { EndpointRelease, WaitingEndpoint } from './statement.ts'

/** What becomes of endpoints: those whose release reaches the tree, and those that wait for a model. */
export function assessReleases(
  result: CompileResult,
  before: Deployed,
  ledger: LedgerView,
  offers: Offers,
): { readonly releases: readonly EndpointRelease[]; readonly waits: readonly WaitingEndpoint[] } {
  const after = readLedger(applied(before, result.ledgerEdits).files)
  const earlier = new Map(ledger.endpoints.map((entry) => [keyText(entry), entry]))
  const later = new Map(after.endpoints.map((entry) => [keyText(entry), entry]))
  const asked = askedGpus(after)
  const releases = result.impact.releases.flatMap(({ key }): EndpointRelease[] => {
    const entry = later.get(keyText(key))
    return entry?.pin ? [release(entry, entry.pin, earlier.get(keyText(key)), offers, asked)] : []
  })
  const ends = result.impact.ends.flatMap((key): EndpointRelease[] => {
    const [entry, old] = [later.get(keyText(key)), earlier.get(keyText(key))]
    return entry?.pin && old?.rollout ? [ended(entry, entry.pin, old.rollout.candidate, offers)] : []
  })
  const waits = result.impact.waits.flatMap(({ key, message }): WaitingEndpoint[] => {
    const entry = later.get(keyText(key))
    const old = earlier.get(keyText(key))
    const changes = entry && old ? changedValues(old.plan, entry.plan) : []
    // One that waited before, for the same thing, is not news.
    return entry && (!old || old.pin || changes.length > 0) ? [{ key, where: placeOf(entry), message, changes }] : []
  })
  const byKey = (left: EndpointRelease | WaitingEndpoint, right: EndpointRelease | WaitingEndpoint): number =>
    compareText(keyText(left.key), keyText(right.key))
  return { releases: [...releases, ...ends].sort(byKey), waits: waits.sort(byKey) }
}

function release(
  entry: EndpointLedger,
  stablePin: ModelPin,
  old: EndpointLedger | undefined,
  offers: Offers,
  asked: ReadonlyMap<string, number>,
): EndpointRelease {
  const begun = entry.rollout && !entry.rollout.promoted ? entry.rollout : undefined
  const { plan, pin } = begun?.candidate ?? { plan: entry.plan, pin: stablePin }
  const served = old?.pin ?? null
  const changes = old && served ? changedValues(old.plan, plan) : []
  const isOtherModel = served !== null && canonicalJson({ ...served }) !== canonicalJson({ ...pin })
  const replaces = isOtherModel || (old && rolls(old.plan, plan))
  const leaves = old && served ? leftBy(old.plan, plan) : undefined
  const what = begun ? 'begins' : !old || !served ? 'appears' : leaves ? 'moves' : replaces ? 'rolls' : 'changes'
  const { gpus } = plan.resources
  const own = begun ? gpus * replicasOf(plan).high : 0
  const askedOfType = asked.get(offerText(entry.environment, plan.resources)) ?? 0
  return {
    key: { environment: entry.environment, project: entry.project, name: entry.name },
    where: placeOf(entry),
    what,
    ...(begun ? { beside: { revision: entry.revision, weight: begun.weight } } : {}),
    ...(what === 'moves' && leaves ? { leaves } : {}),
    revision: { before: old?.revision ?? 0, after: begun?.candidate.revision ?? entry.revision },
    model: { before: served && modelText(served), after: modelText(pin) },
    replicas: { before: old && served ? replicasOf(old.plan) : null, after: replicasOf(plan) },
    gpus: {
      before: old && served ? times(replicasOf(old.plan), old.plan.resources.gpus) : null,
      after: times(replicasOf(plan), gpus),
    },
    costPerHour: { before: old && served ? costPerHour(old.plan) : null, after: costPerHour(plan) },
    surge: surgeOf(plan, leaves === 'cluster' ? 'appears' : what, offers, askedOfType - own),
    changes,
  }
}

/**
 * Where an endpoint goes away from. In another namespace Argo CD makes it anew and then prunes the one before; what is in another cluster than
 * its Application says is left there.
 * @see https://github.com/argoproj/argo-cd/issues/1640
 */
function leftBy(before: EndpointPlan, after: EndpointPlan): EndpointRelease['leaves'] {
  if (before.cluster !== after.cluster || canonicalJson(before.destination) !== canonicalJson(after.destination))
    return 'cluster'
  return before.namespace === after.namespace ? undefined : 'namespace'
}

/** A candidate that goes, because the spec asks for what is stable again. */
function ended(entry: EndpointLedger, pin: ModelPin, candidate: LedgerRelease, offers: Offers): EndpointRelease {
  const { plan } = entry
  const [before, after] = [candidate.plan, plan].map((one) => times(replicasOf(one), one.resources.gpus))
  return {
    key: { environment: entry.environment, project: entry.project, name: entry.name },
    where: placeOf(entry),
    what: 'ends',
    revision: { before: candidate.revision, after: entry.revision },
    model: { before: modelText(candidate.pin), after: modelText(pin) },
    replicas: { before: replicasOf(candidate.plan), after: replicasOf(plan) },
    gpus: { before: before ?? null, after: after ?? { low: 0, high: 0 } },
    costPerHour: { before: costPerHour(candidate.plan), after: costPerHour(plan) },
    surge: surgeOf(plan, 'ends', offers, 0),
    changes: changedValues(candidate.plan, plan),
  }
}

function modelText({ model, version }: ModelPin): string {
  return `${model}@${version}`
}

/** GPUs that everything published may ask for at once, by environment and type. */
function askedGpus(ledger: LedgerView): ReadonlyMap<string, number> {
  const asked = new Map<string, number>()
  const add = (environment: string, resources: PlannedResources, pods: number): void => {
    const text = offerText(environment, resources)
    asked.set(text, (asked.get(text) ?? 0) + resources.gpus * pods)
  }
  for (const { environment, pin, plan, rollout } of ledger.endpoints) {
    if (pin) add(environment, plan.resources, replicasOf(plan).high)
    if (rollout) add(environment, rollout.candidate.plan.resources, replicasOf(rollout.candidate.plan).high)
  }
  for (const { environment, runs } of ledger.runs)
    for (const run of runs)
      if (run.status === 'active' && run.plan) add(environment, run.plan.resources, run.plan.nodes)
  return asked
}

function offerText(environment: string, { gpuType }: PlannedResources): string {
  return JSON.stringify([environment, gpuType])
}

function placeOf(entry: EndpointLedger): Place {
  const { plan } = lastAsked(entry)
  return plan.source.path === ''
    ? { file: paths.endpointLedger(plan), line: 1, column: 1 }
    : { file: plan.source.path, line: plan.source.line, column: 1 }
}
