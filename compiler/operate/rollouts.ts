import { type EndpointLedger, type EndpointRelease, type EndpointRollout, paths } from '../../domain/ledger.ts'
import { readEndpointLedger } from '../../domain/ledger-files.ts'
import { keyText } from '../../domain/names.ts'
import type { Operation } from '../../domain/operation.ts'
import {
  highestRevision,
  isHeld,
  lastAsked,
  rolloutState,
  type RolloutState,
  stableRelease,
} from '../../domain/rollout.ts'
import { chartFiles } from '../ledger/endpoints.ts'
import { isSameRelease, replaced, resumed, stableAlone } from '../ledger/releases.ts'
import { type Draft, Dropped } from './draft.ts'
import { writeEndpoint } from './endpoint-draft.ts'

export type EndpointOperation = Extract<Operation, { kind: 'rollout' | 'rollback' | 'confirm' }>
type Step = Extract<Operation, { kind: 'rollout' }>

/** Moves an endpoint between the releases that its entry keeps. @throws Dropped where the entry is not as the operation expects */
export function editEndpoint(operation: EndpointOperation, draft: Draft): void {
  const path = paths.endpointLedger(operation.key)
  const text = draft.read(path)
  const entry = text === undefined ? undefined : readEndpointLedger(new Map([[path, text]]), operation.key)
  if (!entry) throw new Dropped(`the ledger has no entry for ${keyText(operation.key)}`)
  writeEndpoint(edited(entry, operation, draft), draft)
}

function edited(entry: EndpointLedger, operation: EndpointOperation, draft: Draft): EndpointLedger {
  switch (operation.kind) {
    case 'confirm':
      return confirmed(entry, operation.revision)
    case 'rollback':
      expectState(entry, operation.expect)
      return rolledBack(entry, draft)
    case 'rollout':
      expectState(entry, operation.expect)
      return stepped(entry, operation, draft)
  }
}

function stepped(entry: EndpointLedger, { step, weight }: Step, draft: Draft): EndpointLedger {
  switch (step) {
    case 'set':
      return weighed(entry, moving(entry), weight ?? 0)
    case 'pause': {
      const rollout = underWay(entry)
      if (rollout.paused) throw new Dropped(`the rollout of ${keyText(entry)} is paused already`)
      return { ...entry, rollout: { ...rollout, paused: true } }
    }
    case 'resume':
      if (!isHeld(entry)) throw new Dropped(`nothing of ${keyText(entry)} is paused or held`)
      return resumed(entry, draft.chart.version)
    case 'promote':
      return promoted(entry, moving(entry))
    case 'abort': {
      const { candidate } = unpromoted(entry, underWay(entry))
      const wanted = entry.wanted ?? { plan: candidate.plan, pin: candidate.pin }
      return { ...stableAlone(entry), hold: { why: 'ABORTED' }, wanted }
    }
  }
}

function weighed(entry: EndpointLedger, rollout: EndpointRollout, weight: number): EndpointLedger {
  if (!Number.isInteger(weight) || weight < 0 || weight > 100)
    throw new Dropped(`${weight} is no share of the requests: it is a whole number from 0 to 100`)
  unpromoted(entry, rollout)
  if (rollout.weight === weight) throw new Dropped(`the candidate of ${keyText(entry)} has ${weight} % already`)
  return { ...entry, rollout: { ...rollout, weight } }
}

/**
 * The candidate becomes the stable release. Where the stable pods are replaced beside it, the candidate keeps all requests until they are healthy;
 * promoting once more does not wait for that.
 */
function promoted(entry: EndpointLedger, rollout: EndpointRollout): EndpointLedger {
  if (rollout.promoted) return stableAlone(entry)
  const { candidate } = rollout
  const next = replaced(entry, candidate)
  if (candidate.plan.framework !== 'fastapi') return next
  return { ...next, rollout: { candidate, weight: 100, paused: false, promoted: true } }
}

function rolledBack(entry: EndpointLedger, draft: Draft): EndpointLedger {
  const stable = stableRelease(entry)
  if (!stable) throw new Dropped(`${keyText(entry)} serves nothing yet`)
  const { rollout } = entry
  const isBeside = rollout !== undefined && !rollout.promoted
  const current = isBeside ? rollout.candidate : stable
  const earlier = isBeside ? [stable, ...entry.past] : entry.past
  const target = earlier.find((one) => one.good && !isSameRelease(one, current) && hasChart(one, draft))
  if (!target)
    throw new Dropped(`no release of ${keyText(entry)} before revision ${current.revision} is known to have worked`)
  const asked = lastAsked(entry)
  const hold = { hold: { why: 'ROLLED_BACK' }, wanted: { plan: asked.plan, pin: asked.pin ?? current.pin } } as const
  if (target === stable) return { ...stableAlone(entry), ...hold }
  const revision = highestRevision(entry) + 1
  const { good: _good, ...left } = entry
  // What was gone back from did not work, whatever was seen of it; what was gone back to stands there once.
  const next = replaced({ ...left, past: entry.past.filter((one) => one !== target) }, { ...target, revision })
  return { ...next, ...hold }
}

function confirmed(entry: EndpointLedger, revision: number): EndpointLedger {
  if (entry.revision !== revision || !entry.pin)
    throw new Dropped(`${keyText(entry)} is at revision ${entry.revision}, not ${revision}`)
  if (entry.rollout && !entry.rollout.promoted)
    throw new Dropped(`a candidate of ${keyText(entry)} has a share of its requests`)
  if (entry.good && !entry.rollout) throw new Dropped(`revision ${revision} of ${keyText(entry)} is known to work`)
  return { ...stableAlone(entry), ...kept(entry), good: true }
}

/** What holds an entry, whatever stands beside its stable release. */
function kept({ hold, wanted }: EndpointLedger): Pick<EndpointLedger, 'hold' | 'wanted'> {
  return { ...(hold ? { hold } : {}), ...(wanted ? { wanted } : {}) }
}

function hasChart({ plan }: EndpointRelease, { chart, deployed }: Draft): boolean {
  return chartFiles(plan.chartVersion, chart, deployed.files).size > 0
}

function underWay(entry: EndpointLedger): EndpointRollout {
  if (!entry.rollout) throw new Dropped(`no rollout of ${keyText(entry)} is under way`)
  return entry.rollout
}

function moving(entry: EndpointLedger): EndpointRollout {
  const rollout = underWay(entry)
  if (rollout.paused) throw new Dropped(`the rollout of ${keyText(entry)} is paused: resume it first`)
  return rollout
}

function unpromoted(entry: EndpointLedger, rollout: EndpointRollout): EndpointRollout {
  if (rollout.promoted)
    throw new Dropped(`the candidate of ${keyText(entry)} was promoted: a rollback goes back to what was before`)
  return rollout
}

function expectState(entry: EndpointLedger, expected: RolloutState): void {
  const now = rolloutState(entry)
  const fields = ['revision', 'candidate', 'weight'] as const
  if (fields.every((field) => now[field] === expected[field])) return
  throw new Dropped(`${keyText(entry)} is at ${stateText(now)} by now, not at ${stateText(expected)}`)
}

function stateText({ revision, candidate, weight }: RolloutState): string {
  return candidate === null ? `revision ${revision}` : `revision ${revision} with ${candidate} beside it at ${weight} %`
}
