import { describe, expect, it } from 'vitest'
import { applied } from '../../../compiler/impact/applied.ts'
import { describeComparison } from '../../../compiler/impact/compare.ts'
import { estimate } from '../../../compiler/impact/estimate.ts'
import { changedValues } from '../../../compiler/impact/changes.ts'
import type { TrainingPlan } from '../../../domain/plan.ts'
import { nothing } from '../../support/compiler.ts'
import { compared, gpuTraining, inputOf } from '../../support/impact.ts'

const planOf = (text: string): TrainingPlan => {
  const [plan] = compared([text], nothing).compared.result.impact.starts
  if (!plan) throw new Error('nothing starts')
  return plan
}

describe('what a run will take', () => {
  it.each([
    ['is at most what every attempt may take, where nobody knows better', undefined, 'limits', [0, 4], [0, 8], [0, 20]],
    ['is what its past runs took', [2, 1, 1.5], 'past-runs', [1, 2], [2, 4], [5, 10]],
    [
      'is what the last ten took, and no older one',
      [...Array.from({ length: 10 }, () => 1), 99],
      'past-runs',
      [1, 1],
      [2, 2],
      [5, 5],
    ],
  ] as const)('%s', (_what, past, basis, hours, gpuHours, cost) => {
    const found = estimate(planOf(gpuTraining('letters')), past)
    const span = (range: { low: number; high: number } | null) => range && [range.low, range.high]
    expect([found.basis, span(found.hours), span(found.gpuHours), span(found.cost)]).toEqual([
      basis,
      hours,
      gpuHours,
      cost,
    ])
  })

  it('has no cost without a price, and none without GPUs', () => {
    expect(estimate(planOf(gpuTraining('letters', '', 'resources: { gpus: 1, gpuType: T4 }')), [1]).cost).toBeNull()
    expect(estimate(planOf(gpuTraining('letters', '', 'nodes: 1')), [1])).toMatchObject({
      gpus: 0,
      cost: null,
      gpuHours: { low: 0, high: 0 },
    })
  })
})

describe('the values in which two plans differ', () => {
  it('are none for a plan and itself, and leave out what only follows from others', () => {
    const before = planOf(gpuTraining('letters'))
    const after = planOf(gpuTraining('letters', '  args: [--fast]\n  env: { LOG_LEVEL: debug }\n'))
    expect(changedValues(before, before)).toEqual([])
    expect(changedValues(before, after)).toEqual([
      { path: 'arguments.0', before: null, after: '--fast' },
      { path: 'variables.LOG_LEVEL', before: null, after: 'debug' },
    ])
    expect(changedValues(after, before)).toEqual([
      { path: 'arguments.0', before: '--fast', after: null },
      { path: 'variables.LOG_LEVEL', before: 'debug', after: null },
    ])
  })
})

describe('what counts for the next run alone', () => {
  const patient = gpuTraining('letters').replace('maxRetries: 1', 'maxRetries: 5')
  it.each([
    ['is told while the run goes on', gpuTraining('letters'), undefined, ['retry.maxRetries']],
    ['is told against what the older specs say', gpuTraining('letters'), gpuTraining('letters'), ['retry.maxRetries']],
    ['is not told where the older specs say it too', gpuTraining('letters'), patient, []],
    ['is not told of a run that starts with it', undefined, undefined, []],
  ])('%s', (_sentence, published, base, expected) => {
    const deployed =
      published === undefined ? nothing : applied(nothing, compared([published], nothing).compared.result.change)
    const { impact, same } = compared(
      [patient],
      deployed,
      undefined,
      base === undefined ? undefined : [base],
    ).difference
    expect(impact.later.flatMap(({ changes }) => changes.map(({ path }) => path))).toEqual(expected)
    expect(same).toBe(published !== undefined)
  })
})

it('what policies say is told as it is said, and nothing where nothing is said', () => {
  const { compared: one, difference } = compared([gpuTraining('letters')], nothing)
  expect(difference.impact.policy).toEqual([])
  const verdict = {
    code: 'IMAGE_NOT_PINNED',
    severity: 'warning',
    message: 'by tag',
    where: { file: 'a', line: 1, column: 1 },
  } as const
  expect(describeComparison(one, inputOf([]), undefined, [verdict]).impact.policy).toEqual([verdict])
})
