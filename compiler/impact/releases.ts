import { canonicalJson } from '../../domain/canonical.ts'
import { type EndpointLedger, paths } from '../../domain/ledger.ts'
import { type LedgerView, readLedger } from '../../domain/ledger-files.ts'
import { keyText } from '../../domain/names.ts'
import type { ModelPin, PlannedResources } from '../../domain/plan.ts'
import { compareText, type Place } from '../../domain/problem.ts'
import type { Deployed } from '../../domain/publication.ts'
import type { CompileResult } from '../compile-types.ts'
import { applied } from './applied.ts'
import { changedValues } from './changes.ts'
import type { Offers } from './offers.ts'
import { costPerHour, replicasOf, rolls, surgeOf, times } from './rollout.ts'
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
  const waits = result.impact.waits.flatMap(({ key, message }): WaitingEndpoint[] => {
    const entry = later.get(keyText(key))
    const old = earlier.get(keyText(key))
    const changes = entry && old ? changedValues(old.plan, entry.plan) : []
    // One that waited before, for the same thing, is not news.
    return entry && (!old || old.pin || changes.length > 0) ? [{ key, where: placeOf(entry), message, changes }] : []
  })
  const byKey = (left: EndpointRelease | WaitingEndpoint, right: EndpointRelease | WaitingEndpoint): number =>
    compareText(keyText(left.key), keyText(right.key))
  return { releases: releases.sort(byKey), waits: waits.sort(byKey) }
}

function release(
  entry: EndpointLedger,
  pin: ModelPin,
  old: EndpointLedger | undefined,
  offers: Offers,
  asked: ReadonlyMap<string, number>,
): EndpointRelease {
  const { plan } = entry
  const served = old?.pin ?? null
  const changes = old && served ? changedValues(old.plan, plan) : []
  const isOtherModel = served !== null && canonicalJson({ ...served }) !== canonicalJson({ ...pin })
  const what = !old || !served ? 'appears' : isOtherModel || rolls(old.plan, plan) ? 'rolls' : 'changes'
  const { gpus } = plan.resources
  return {
    key: { environment: entry.environment, project: entry.project, name: entry.name },
    where: placeOf(entry),
    what,
    revision: { before: old?.revision ?? 0, after: entry.revision },
    model: { before: served && modelText(served), after: modelText(pin) },
    replicas: { before: old && served ? replicasOf(old.plan) : null, after: replicasOf(plan) },
    gpus: {
      before: old && served ? times(replicasOf(old.plan), old.plan.resources.gpus) : null,
      after: times(replicasOf(plan), gpus),
    },
    costPerHour: { before: old && served ? costPerHour(old.plan) : null, after: costPerHour(plan) },
    surge: surgeOf(plan, what, offers, asked.get(offerText(entry.environment, plan.resources)) ?? 0),
    changes,
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
  for (const { environment, pin, plan } of ledger.endpoints)
    if (pin) add(environment, plan.resources, replicasOf(plan).high)
  for (const { environment, runs } of ledger.runs)
    for (const run of runs)
      if (run.status === 'active' && run.plan) add(environment, run.plan.resources, run.plan.nodes)
  return asked
}

function offerText(environment: string, { gpuType }: PlannedResources): string {
  return JSON.stringify([environment, gpuType])
}

function placeOf({ plan }: EndpointLedger): Place {
  return plan.source.path === ''
    ? { file: paths.endpointLedger(plan), line: 1, column: 1 }
    : { file: plan.source.path, line: plan.source.line, column: 1 }
}
