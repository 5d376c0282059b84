import type { Json } from '../../domain/canonical.ts'
import type {
  ChangedValue,
  EndpointRelease,
  Estimate,
  ImpactStatement,
  RunProgress,
  StartedRun,
  StoppedRun,
  Surge,
} from '../../compiler/impact/statement.ts'
import type { Comparison } from './comparison.ts'
import { countText, hoursText, numberText, rangeText, spanText } from './numbers.ts'

/** All that a change does in one sentence, most important first. */
export function headline({
  starts,
  stops,
  ended,
  left,
  later,
  releases,
  waits,
  removes,
  total,
}: ImpactStatement): string {
  const of = (what: EndpointRelease['what']): readonly EndpointRelease[] => releases.filter((one) => one.what === what)
  const running = stops.filter(({ progress }) => progress?.state === 'RUNNING').length
  const tight = releases.filter(({ surge }) => surge.room === 'too-little').length
  const parts: (readonly [number, string])[] = [
    [stops.length, countText(stops.length, 'run stops', 'runs stop') + (running > 0 ? ` (${running} running)` : '')],
    [left.length, countText(left.length, 'run is left in its cluster', 'runs are left in their cluster')],
    [starts.length, countText(starts.length, 'run starts', 'runs start')],
    [removes.length, countText(removes.length, 'endpoint is removed', 'endpoints are removed')],
    [of('moves').length, countText(of('moves').length, 'endpoint moves', 'endpoints move')],
    [of('rolls').length, countText(of('rolls').length, 'endpoint rolls', 'endpoints roll')],
    [of('begins').length, countText(of('begins').length, 'rollout begins', 'rollouts begin')],
    [of('ends').length, countText(of('ends').length, 'rollout ends', 'rollouts end')],
    [of('appears').length, countText(of('appears').length, 'endpoint appears', 'endpoints appear')],
    [of('changes').length, countText(of('changes').length, 'endpoint changes in place', 'endpoints change in place')],
    [waits.length, countText(waits.length, 'endpoint waits for a model', 'endpoints wait for models')],
    [later.length, countText(later.length, 'run changes the next time', 'runs change the next time')],
    [ended.length, countText(ended.length, 'spec asks for a run that has ended', 'specs ask for runs that have ended')],
  ]
  const told = parts.filter(([count]) => count > 0).map(([, text]) => text)
  if (tight > 0) told.push(`${countText(tight, 'endpoint lacks', 'endpoints lack')} the GPUs for it`)
  const spent = totalText(total)
  return [
    told.length === 0 ? 'nothing starts, stops or rolls' : told.join(', '),
    ...(spent === '' ? [] : [spent]),
  ].join('; ')
}

/** That publishing would make no commit; not all that it does is seen in one. */
export function sameText(text: string, impact: ImpactStatement): string {
  return impact.later.length === 0 ? text : `${text}; ${headline(impact)}`
}

/** That the older specs could not be compared with; empty where they could. */
export function leftOutText({ base, against, baseProblems }: Comparison): string {
  if (baseProblems.length === 0) return ''
  const count = countText(baseProblems.length, 'problem', 'problems')
  return `told against ${against}, for ${base?.label ?? 'the base'} has ${count} itself`
}

/** Where a change waits for somebody to merge it in the deploy repository; empty where it waits nowhere. */
export function proposedText(environments: readonly string[]): string {
  if (environments.length === 0) return ''
  return `what it does in ${environments.join(', ')} waits for a pull request of the deploy repository`
}

/** GPU-hours and cost of all runs that start; empty where none has GPUs. */
export function totalText({ gpuHours, cost, unpriced }: ImpactStatement['total']): string {
  if (gpuHours.high === 0) return ''
  const price = cost === null ? 'cost unknown: no price' : `cost ${rangeText(cost)}`
  const without = cost !== null && unpriced > 0 ? `, ${countText(unpriced, 'run', 'runs')} without a price` : ''
  return `${rangeText(gpuHours)} GPU-hours, ${price}${without}`
}

export function estimateText({ basis, pastRuns, attempts, gpus, gpuType, hours, gpuHours, cost }: Estimate): string {
  const one = { low: hours.low / attempts, high: hours.high / attempts }
  const why =
    basis === 'past-runs'
      ? `${countText(pastRuns, 'past run', 'past runs')} took ${hoursText(hours)}`
      : `limit ${hoursText({ low: one.high, high: one.high })} an attempt, ${countText(attempts, 'attempt', 'attempts')}`
  if (gpus === 0) return `no GPUs; ${why}`
  const price = cost === null ? 'cost unknown: no price' : `cost ${rangeText(cost)}`
  return `${gpusText(gpus, gpuType)}: ${rangeText(gpuHours)} GPU-hours, ${price} (${why})`
}

/** `2 A100`, or `2 GPUs` where any will do. */
function gpusText(gpus: number, gpuType: string | null): string {
  return gpuType === null ? countText(gpus, 'GPU', 'GPUs') : `${numberText(gpus)} ${gpuType}`
}

/** Whether what is told of a run that is stopped may be another thing at each look. */
export type Told = 'now' | 'stable'

/** How far a run is that is stopped. `stable`: by the quarter, where its share is known. */
export function progressText({ progress, unasked }: Pick<StoppedRun, 'progress' | 'unasked'>, told: Told): string {
  if (unasked) return 'how far it is: not looked up, so many runs stop'
  if (progress === undefined) return 'how far it is: unknown, no database'
  if (progress === null) return 'how far it is: unknown, not in the records'
  const { state, reason, attempt, startedAt } = progress
  return [
    reason === '' ? state : `${state} (${reason})`,
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(told === 'now' ? stepTexts(progress) : quarterTexts(progress)),
    ...(startedAt === null ? [] : [`since ${startedAt.slice(0, 16).replace('T', ' ')} UTC`]),
  ].join(', ')
}

function stepTexts({ step, epoch, totalEpochs, percentage }: RunProgress): readonly string[] {
  return [
    ...(step === null ? [] : [`step ${numberText(step)}`]),
    ...(epoch === null
      ? []
      : [`epoch ${numberText(epoch)}${totalEpochs === null ? '' : ` of ${numberText(totalEpochs)}`}`]),
    ...(percentage === null ? [] : [`${numberText(percentage)} %`]),
  ]
}

function quarterTexts({ percentage }: RunProgress): readonly string[] {
  if (percentage === null) return []
  const quarters = ['less than a quarter', 'more than a quarter', 'more than half', 'more than three quarters'] as const
  return [`${quarters[Math.min(3, Math.max(0, Math.floor(percentage / 25)))] ?? ''} done`]
}

/** Why a run starts: the values that are others than those of the run before, whose plan the ledger keeps, or that none is. */
export function reasonText({ before, changes }: StartedRun): string {
  if (before === null || changes.length > 0) return changesText(changes)
  return 'no value of its plan changes: it runs again because of spec.rerun, or because the spec says the same in other words'
}

export function stopText({ why, gpus, gpuType }: StoppedRun): string {
  const frees = gpus === 0 ? '' : `, frees ${gpusText(gpus, gpuType)}`
  return `${why === 'SUPERSEDED' ? 'superseded' : 'its spec is gone'}${frees}`
}

export function releaseText({ what, beside, leaves, model, replicas, gpus, costPerHour }: EndpointRelease): string {
  const before = replicas.before
  const count = spanText(replicas.after)
  const many = before === null || spanText(before) === count ? count : `${spanText(before)} → ${count}`
  const served =
    model.before === null || model.before === model.after ? model.after : `${model.before} → ${model.after}`
  const verb = {
    appears: 'appears',
    moves:
      leaves === 'cluster'
        ? 'moves to another cluster, where it begins anew; what runs in the one before is left there, to be taken away by hand'
        : 'moves to another namespace, where it begins anew while it ends in the one before',
    rolls: 'rolls',
    changes: 'changes in place, no pod is replaced',
    begins: `begins beside revision ${beside?.revision ?? 0} with ${beside?.weight ?? 0} % of the requests`,
    ends: 'its candidate goes, what is stable gets all requests',
  }[what]
  const price = costPerHour.after === null ? '' : `, ${spanText(costPerHour.after)} an hour`
  const size =
    gpus.after.high === 0 ? '' : `, ${spanText(gpus.after)} ${spanText(gpus.after) === '1' ? 'GPU' : 'GPUs'}${price}`
  return `${verb}: ${served}, ${many} ${many === '1' ? 'replica' : 'replicas'}${size}`
}

/** Whether there is room; empty where none is needed and nobody would ask. */
export function surgeText({ pods, gpus, gpuType, room, offered, free }: Surge): string {
  const type = gpuType ?? 'GPUs'
  const need = gpus > 0 ? `needs ${numberText(gpus)} ${type} more while it rolls` : `needs its ${type}`
  switch (room) {
    case 'not-needed':
      return gpuType !== null && pods === 0 ? 'needs no more GPUs while it rolls' : ''
    case 'enough':
      return `${need}: there is room, ${numberText(free ?? 0)} of ${numberText(offered ?? 0)} are free by what is published`
    case 'too-little': {
      const there = numberText(offered ?? 0)
      const lack =
        free !== null && free < 0
          ? `${numberText(-free)} more are asked for than the ${there} there are`
          : `${numberText(free ?? 0)} of ${there} are free`
      return `${need}: no room, ${lack} by what is published; the new pods will wait`
    }
    case 'unknown':
      return `${need}: whether there is room is unknown, the Environment names no count of ${type}`
  }
}

const changesShown = 4
const valueLengthMax = 60

/** `replicas.max 8 → 10, image a → b and 3 more`. */
export function changesText(changes: readonly ChangedValue[]): string {
  const shown = changes
    .slice(0, changesShown)
    .map(({ path, before, after }) => `${path} ${valueText(before)} → ${valueText(after)}`)
  const more = changes.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${numberText(more)} more` : '')
}

/** On one line: what has several, or nothing, stands in quotes. */
export function valueText(value: Json): string {
  if (value === null) return 'none'
  const isPlain = typeof value === 'string' && value !== '' && !/[\p{Cc}\u2028\u2029]/u.test(value)
  const text = isPlain ? value : JSON.stringify(value)
  return text.length <= valueLengthMax
    ? text
    : `${text.slice(0, valueLengthMax / 2 - 1)}…${text.slice(-valueLengthMax / 2)}`
}
