import { canonicalJson, type Json } from '../../domain/canonical.ts'
import {
  type EndpointLedger,
  type EndpointRelease,
  ledgerReleasesKept,
  type WantedRelease,
} from '../../domain/ledger.ts'
import type { EndpointPlan, ModelPin } from '../../domain/plan.ts'
import { highestRevision, isHeld, isSameWish, lastAsked, stableRelease } from '../../domain/rollout.ts'
import { hasCandidates } from '../resolve/serving/capabilities.ts'
import { rolls } from './pod-template.ts'

/** Per cent of the requests that a candidate begins with where its spec says nothing. */
const canaryBeginsAt = 10

/**
 * The entry after this compilation: the same one when plan and pin are. Another release takes the place of the stable one, or, with a strategy
 * for it, begins beside it; a hold or a pause keeps it back.
 */
export function nextEntry(
  plan: EndpointPlan,
  pin: ModelPin | null,
  before: EndpointLedger | undefined,
): EndpointLedger {
  const { environment, project, name } = plan
  if (!before) return { format: 1, environment, project, name, plan, pin, revision: pin ? 1 : 0, past: [] }
  const asked = lastAsked(before)
  // The commit that a plan was compiled at is no reason to release it again.
  const kept = samePlan(asked.plan, plan) ? asked.plan : plan
  if (kept === asked.plan && same(asked.pin, pin)) return before
  if (!pin) return withoutModel(before, kept)
  // A candidate needs a chart that knows of candidates: the one of today, whichever the stable release has.
  const wish = { plan: { ...kept, chartVersion: plan.chartVersion }, pin }
  const lifted = before.hold?.why === 'ABORTED' && before.wanted && !isSameWish(before.wanted, wish)
  if (isHeld(before) && !lifted) return heldBack(before, wish)
  return withRelease(lifted ? moving(before) : before, wish, kept)
}

/** The entry with nothing held back any more, and what was is taken up. */
export function resumed(before: EndpointLedger, chartVersion: string): EndpointLedger {
  const free = moving(before)
  const { wanted } = before
  return wanted ? nextEntry({ ...wanted.plan, chartVersion }, wanted.pin, free) : free
}

/** Whether two releases serve the same: wherever their specs were read, and by whichever chart. */
export function isSameRelease(left: WantedRelease, right: WantedRelease): boolean {
  return samePlan(left.plan, right.plan) && same(left.pin, right.pin)
}

/** The entry with this as its stable release and nothing beside it; the one before is remembered. */
export function replaced(before: EndpointLedger, { revision, plan, pin }: EndpointRelease): EndpointLedger {
  const stable = stableRelease(before)
  return numbered(
    { ...bare(before), plan, pin, revision, past: remembered(stable ? [stable, ...before.past] : before.past) },
    highestRevision(before),
  )
}

/** The stable release alone: whatever stood beside it, and whatever was held back. */
export function stableAlone(before: EndpointLedger): EndpointLedger {
  const { revision, plan, pin, good } = before
  return numbered({ ...bare(before), plan, pin, revision, ...(good ? { good } : {}) }, highestRevision(before))
}

function withRelease(before: EndpointLedger, wish: WantedRelease, kept: EndpointPlan): EndpointLedger {
  const stable = stableRelease(before)
  const revision = highestRevision(before) + 1
  // While it waited no chart of it was published: the one of today is there for certain.
  if (!stable) return replaced(before, { revision, ...wish })
  if (isSameRelease(stable, wish)) return stableAlone(before)
  if (!mayStandBeside(stable, wish)) return replaced(before, { revision, plan: kept, pin: wish.pin })
  const candidate = { revision, ...wish }
  return numbered(
    { ...stableAlone(before), rollout: { candidate, weight: weightOf(before, wish), paused: false } },
    revision,
  )
}

/** Whether a release begins as a candidate: its spec asks for that, it makes other pods, and both can be behind one route. */
function mayStandBeside(stable: WantedRelease, { plan, pin }: WantedRelease): boolean {
  const place = ({ framework, namespace, destination }: EndpointPlan): Json => ({ framework, namespace, destination })
  return (
    hasCandidates(plan) && same(place(stable.plan), place(plan)) && (!same(stable.pin, pin) || rolls(stable.plan, plan))
  )
}

/** A candidate begins where its spec says; one that makes the same pods as the one that it replaces goes on where that was. */
function weightOf({ rollout }: EndpointLedger, { plan, pin }: WantedRelease): number {
  const goesOn =
    rollout && !rollout.promoted && same(rollout.candidate.pin, pin) && !rolls(rollout.candidate.plan, plan)
  if (goesOn) return rollout.weight
  return plan.rollout.trafficSplit?.new ?? (plan.rollout.strategy === 'canary' ? canaryBeginsAt : 0)
}

function heldBack(before: EndpointLedger, wish: WantedRelease): EndpointLedger {
  const { wanted: _wanted, ...rest } = before
  const there = before.rollout?.candidate ?? stableRelease(before)
  return there && isSameRelease(there, wish) ? rest : { ...rest, wanted: wish }
}

function withoutModel(before: EndpointLedger, plan: EndpointPlan): EndpointLedger {
  const stable = stableRelease(before)
  const past = remembered(stable ? [stable, ...before.past] : before.past)
  return numbered({ ...bare(before), plan, pin: null, revision: before.revision, past }, highestRevision(before))
}

function moving(before: EndpointLedger): EndpointLedger {
  const { hold: _hold, wanted: _wanted, rollout, ...rest } = before
  return rollout ? { ...rest, rollout: { ...rollout, paused: false } } : rest
}

/** What every entry has, of this one. */
function bare({ format, environment, project, name, past }: EndpointLedger) {
  return { format, environment, project, name, past }
}

function numbered(entry: EndpointLedger, highest: number): EndpointLedger {
  const { released: _released, ...rest } = entry
  return highest > entry.revision ? { ...rest, released: highest } : rest
}

/** The newest releases; one that never worked goes before one that did. */
function remembered(past: readonly EndpointRelease[]): readonly EndpointRelease[] {
  if (past.length <= ledgerReleasesKept) return past
  const goes = past.findLastIndex((one) => !one.good)
  return past.filter((_, index) => index !== (goes > 0 ? goes : past.length - 1))
}

function samePlan(left: EndpointPlan, right: EndpointPlan): boolean {
  return same({ ...left, source: null, chartVersion: null }, { ...right, source: null, chartVersion: null })
}

function same(left: unknown, right: unknown): boolean {
  return canonicalJson(left as Json) === canonicalJson(right as Json)
}
