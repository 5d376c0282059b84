import { describe, expect, it } from 'vitest'
import { describeOperations } from '../../../compiler/operate/describe.ts'
import type { Deployed } from '../../../domain/publication.ts'
import type { RolloutStep } from '../../../domain/operation.ts'
import {
  applicationPath,
  compiled,
  entryOf,
  operated,
  operationOf,
  published,
  registered,
  serving,
  shape,
  spec,
  step,
  valuesPath,
} from '../../support/rollouts.ts'

type Act = { readonly spec: string } | { readonly version: string } | RolloutStep | 'rollback' | 'confirm' | number

const first = serving()
/** One thing after the other, and what is there at the end. */
function after(...acts: readonly Act[]): Deployed {
  return acts.reduce<Deployed>((deployed, act) => {
    if (typeof act === 'number') return step(deployed, 'set', act)
    if (typeof act === 'string') return step(deployed, act)
    return 'spec' in act ? published(deployed, act.spec) : registered(deployed, act.version)
  }, first)
}
const two = { spec: spec(2) }
const three = { spec: spec(3) }
const rolled = [two, 'promote', 'confirm'] as const

describe('a rollout, step by step', () => {
  it.each<[string, readonly Act[], string]>([
    ['set gives the candidate its share', [two, 25], '1/1+2/1@25'],
    [
      'a promoted candidate keeps all requests until the stable pods are replaced',
      [two, 'promote'],
      '2/1+2/1@100 promoted',
    ],
    ['and goes when they have been seen healthy', [two, 'promote', 'confirm'], '2/1'],
    ['or when a person does not wait for that', [two, 'promote', 'promote'], '2/1'],
    ['a paused rollout stays where it is', [two, 40, 'pause'], '1/1+2/1@40 paused'],
    ['what specs ask for meanwhile is kept back', [two, 40, 'pause', three], '1/1+2/1@40 paused wants 3/1'],
    ['asking for the candidate again keeps nothing back', [two, 40, 'pause', three, two], '1/1+2/1@40 paused'],
    ['and is taken up when it is resumed', [two, 40, 'pause', three, 'resume'], '1/1+3/1@20'],
    ['resumed without a change it goes on', [two, 40, 'pause', 'resume'], '1/1+2/1@40'],
    [
      'an aborted candidate goes, and does not come back with the next publication',
      [two, 'abort', two],
      '1/1 ABORTED wants 2/1',
    ],
    ['something else may', [two, 'abort', three], '1/1+3/1@20'],
    ['the spec taken back lifts the hold of an abort', [two, 'abort', { spec: spec(1) }], '1/1'],
    ['a person may have it again', [two, 'abort', 'resume'], '1/1+2/1@20'],
    [
      'a rollback during a rollout takes the candidate away and holds',
      [two, 40, 'rollback'],
      '1/1 ROLLED_BACK wants 2/1',
    ],
    ['also while it is paused', [two, 'pause', 'rollback'], '1/1 ROLLED_BACK wants 2/1'],
    ['a rollback goes to the newest release that worked', [...rolled, 'rollback'], '1/1 ROLLED_BACK wants 2/1'],
    ['whatever specs say', [...rolled, 'rollback', three], '1/1 ROLLED_BACK wants 3/1'],
    ['or which model versions come', [...rolled, 'rollback', { version: 'b' }], '1/1 ROLLED_BACK wants 2/2'],
    [
      'a spec that asks for what serves keeps nothing back, and the hold stays',
      [...rolled, 'rollback', { spec: spec(1) }],
      '1/1 ROLLED_BACK',
    ],
    ['until a person lifts it', [...rolled, 'rollback', three, 'resume'], '1/1+3/1@20'],
    [
      'one that never worked is passed over',
      [two, 'promote', 'promote', three, 'promote', 'confirm', 'rollback'],
      '1/1 ROLLED_BACK wants 3/1',
    ],
    [
      'a second rollback does not return to what was gone back from',
      [...rolled, three, 'promote', 'confirm', 'rollback', 'confirm', 'rollback'],
      '1/1 ROLLED_BACK wants 3/1',
    ],
    ['a promoted release is gone back from, too', [two, 'promote', 'rollback'], '1/1 ROLLED_BACK wants 2/1'],
  ])('%s', (_title, acts, expected) => {
    const deployed = after(...acts)
    expect(shape(deployed)).toBe(expected)
  })

  it('compiling what was asked for last changes nothing, wherever the rollout is', () => {
    for (const acts of [
      [two],
      [two, 25],
      [two, 'pause'],
      [two, 'promote'],
      [two, 'abort'],
      [two, 'rollback'],
      [...rolled, 'rollback'],
    ] as const)
      expect(compiled(after(...acts), spec(2)).change).toEqual(new Map())
  })

  it('a hold is told as a warning at the spec, with what lifts it', () => {
    const [told] = compiled(after(...rolled, 'rollback'), spec(3)).problems.filter(
      ({ code }) => code === 'ENDPOINT_HELD',
    )
    expect(told).toMatchObject({
      severity: 'warning',
      where: { file: 'specs/1.yaml' },
      message:
        'revision 3 of dev/language/letters (letters@1) goes on serving, whatever this spec says: it was rolled back',
      hint: 'specyard rollout dev/language/letters resume lets specs move it again',
    })
    expect(compiled(after(two, 'pause'), spec(2)).problems.map(({ code }) => code)).not.toContain('ENDPOINT_HELD')
  })

  it('a rollback brings back the very files of the release, with the chart that it had', () => {
    const back = after(...rolled, 'rollback')
    const without = (text = '') => text.replace(/^revision: .*\n/m, '')
    expect(without(back.files.get(valuesPath))).toBe(without(first.files.get(valuesPath)))
    expect(back.files.get(applicationPath)).toBe(first.files.get(applicationPath))
  })

  it('the chart of a release that worked stays for as long as a rollback may return to it', () => {
    const old = step(
      registered(published({ commit: null, files: new Map(), drifted: [] }, spec(1), '0.1.0'), 'a', '0.1.0'),
      'confirm',
    )
    const chart = 'charts/serving-endpoint/0.1.0/Chart.yaml'
    expect(entryOf(old).plan.chartVersion).toBe('0.1.0')
    const moved = step(step(published(old, spec(2)), 'promote'), 'confirm')
    expect(published(moved, spec(2)).files.has(chart)).toBe(true)
    const back = step(moved, 'rollback')
    expect(entryOf(back).plan.chartVersion).toBe('0.1.0')
    expect(back.files.get(applicationPath)).toContain('charts/serving-endpoint/0.1.0')
  })

  it('at most five releases are kept, and those that worked longest', () => {
    const acts = [2, 3, 4, 5, 6, 7, 8].flatMap((tag): Act[] => [{ spec: spec(tag) }, 'promote', 'promote'])
    const { past } = entryOf(after(...acts))
    expect(past.map((one) => [one.revision, one.good ?? false])).toEqual([
      [7, false],
      [6, false],
      [5, false],
      [4, false],
      [1, true],
    ])
  })

  it.each<[string, Deployed, Parameters<typeof operationOf>[1], number | undefined, string]>([
    ['set', after(two), 'set', 25, 'Give revision 2 of dev/language/letters 25 % of the requests'],
    ['pause', after(two), 'pause', undefined, 'Pause the rollout of dev/language/letters at 20 %'],
    ['resume', after(two, 'pause'), 'resume', undefined, 'Let specs move dev/language/letters again'],
    ['promote', after(two), 'promote', undefined, 'Promote revision 2 of dev/language/letters'],
    ['abort', after(two), 'abort', undefined, 'Abort revision 2 of dev/language/letters: revision 1 gets all requests'],
    ['rollback', after(...rolled), 'rollback', undefined, 'Roll dev/language/letters back from revision 2'],
    ['confirm', after(two, 'promote'), 'confirm', undefined, 'Remember that dev/language/letters works at revision 2'],
  ])('the commit of %s says what it does', (_title, deployed, what, weight, subject) => {
    const done = operated(deployed, operationOf(deployed, what, weight))
    expect(describeOperations(done.results).subject).toBe(subject)
    expect(done.subjects).toEqual(['dev/language/letters'])
  })
})
