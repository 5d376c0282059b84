import type { EndpointRelease, ImpactStatement } from '../../compiler/impact/statement.ts'
import { keyText } from '../../domain/names.ts'
import { compareText, type Place } from '../../domain/problem.ts'
import {
  changesText,
  estimateText,
  progressText,
  reasonText,
  releaseText,
  stopText,
  surgeText,
  type Told,
} from './words.ts'

/** One effect of a change, as every output tells it. */
export interface Row {
  readonly name: string
  /** Line 0 for a whole file. */
  readonly where: Place
  /** Sentences, most important first. */
  readonly says: readonly string[]
}

/** File and line; a whole file has none. */
export function placeText({ file, line }: Place): string {
  return line === 0 ? file : `${file}:${line}`
}

export interface Section {
  readonly title: string
  /** Most important first. */
  readonly rows: readonly Row[]
}

/**
 * What a change does, section by section; those with nothing to say are left out.
 * @param told `stable` says by the quarter how far runs are, and does not order them by it
 */
export function sections(impact: ImpactStatement, told: Told = 'now'): readonly Section[] {
  const name = keyText
  const heavier = (left: { gpus: number }, right: { gpus: number }): number => right.gpus - left.gpus
  const found: readonly Section[] = [
    {
      title: 'Stops',
      rows: [...impact.stops]
        .sort(
          (left, right) =>
            (told === 'now' ? (right.progress?.percentage ?? -1) - (left.progress?.percentage ?? -1) : 0) ||
            heavier(left, right),
        )
        .map((one) => ({
          name: name(one.key),
          where: one.where,
          says: [stopText(one), progressText(one, told)],
        })),
    },
    {
      title: 'Left behind',
      rows: impact.left.map((one) => ({
        name: name(one.key),
        where: one.where,
        says: [
          'its Job is made again in another cluster; the one that runs is left where it is, to be taken away by hand',
        ],
      })),
    },
    {
      title: 'Starts',
      rows: [...impact.starts]
        .sort((left, right) => right.estimate.gpuHours.high - left.estimate.gpuHours.high)
        .map((one) => ({
          name: name(one.key),
          where: one.where,
          says: [estimateText(one.estimate), reasonText(one)],
        })),
    },
    {
      title: 'Removes',
      rows: impact.removes.map((one) => ({ name: name(one.key), where: one.where, says: ['the endpoint ends'] })),
    },
    {
      title: 'Endpoints',
      rows: [...impact.releases]
        .sort((left, right) => urgency(left) - urgency(right) || compareText(name(left.key), name(right.key)))
        .map((one) => ({
          name: name(one.key),
          where: one.where,
          says: [releaseText(one), surgeText(one.surge), changesText(one.changes)],
        })),
    },
    {
      title: 'Waits',
      rows: impact.waits.map((one) => ({
        name: name(one.key),
        where: one.where,
        says: [one.message.replace(/^WAITING_FOR_MODEL: /, ''), changesText(one.changes)],
      })),
    },
    {
      title: 'Counts for the next run',
      rows: impact.later.map((one) => ({
        name: name(one.key),
        where: one.where,
        says: [changesText(one.changes), 'what runs goes on as it began'],
      })),
    },
    {
      title: 'Does not run again',
      rows: impact.ended.map((one) => ({
        name: name(one.key),
        where: one.where,
        says: ['the run that the spec asks for has ended; raise spec.rerun to train the same again'],
      })),
    },
    {
      title: 'Pruned',
      rows: impact.prunes.map((one) => ({ name: one.what, where: { file: one.path, line: 0, column: 0 }, says: [] })),
    },
    {
      title: 'Policy',
      rows: impact.policy.map((one) => ({ name: one.code, where: one.where, says: [one.severity, one.message] })),
    },
  ]
  return found
    .filter(({ rows }) => rows.length > 0)
    .map(({ title, rows }) => ({
      title,
      rows: rows.map((row) => ({ ...row, says: row.says.filter((one) => one !== '') })),
    }))
}

function urgency({ what, surge }: EndpointRelease): number {
  if (surge.room === 'too-little') return 0
  return { moves: 1, rolls: 1, begins: 1, ends: 2, appears: 2, changes: 3 }[what]
}
