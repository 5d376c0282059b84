import { describe, expect, it } from 'vitest'
import type { Deployed } from '../../../domain/publication.ts'
import { nothing } from '../../support/compiler.ts'
import {
  applicationPath,
  canary,
  compiled,
  dropped,
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

const blueGreen = '  rollout: { strategy: blue-green }\n'
const rolling = '  rollout: { strategy: rolling, maxSurge: 1 }\n'
const first = serving()
const candidateOf = (deployed: Deployed) => entryOf(deployed).rollout?.candidate

describe('what a compilation makes of an endpoint that serves', () => {
  it.each<[string, Deployed, string, string]>([
    ['another image begins beside the stable one at the split of the spec', first, spec(2), '1/1+2/1@20'],
    ['without a split a canary begins at 10 %', first, spec(2, '  rollout: { strategy: canary }\n'), '1/1+2/1@10'],
    ['blue-green begins at 0 %', first, spec(2, blueGreen), '1/1+2/1@0'],
    ['rolling takes the place', first, spec(2, rolling), '2/1'],
    [
      'more replicas make no other pods, so they are taken up in place',
      first,
      spec(1, `${canary}  replicas: { min: 1, max: 3 }\n`),
      '1/1',
    ],
    ['a change during a rollout replaces the candidate', published(first, spec(2)), spec(3), '1/1+3/1@20'],
    [
      'a candidate with as many pods of the same kind goes on where it was',
      step(published(first, spec(2)), 'set', 60),
      spec(2, `${canary}  replicas: { min: 1, max: 3 }\n`),
      '1/1+2/1@60',
    ],
    ['the stable release asked for again ends the rollout', published(first, spec(2)), spec(1), '1/1'],
    ['the same spec again changes nothing', published(first, spec(2)), spec(2), '1/1+2/1@20'],
  ])('%s', (_title, before, text, after) => {
    const next = published(before, text)
    expect(shape(next)).toBe(after)
    expect(compiled(next, text).change.size).toBe(0)
  })

  it('the first release has nothing to stand beside', () => {
    expect(shape(registered(published(nothing, spec()), 'a'))).toBe('1/1')
  })

  it('a newer model version begins beside the one that serves, though nobody compiles', () => {
    expect(shape(registered(first, 'b'))).toBe('1/1+1/2@20')
    expect(shape(registered(published(first, spec(2)), 'b'))).toBe('1/1+2/2@20')
  })

  it('numbers of releases are never given twice', () => {
    const aborted = step(published(first, spec(2)), 'abort')
    expect(entryOf(aborted)).toMatchObject({ revision: 1, released: 2 })
    const again = published(aborted, spec(3))
    expect(candidateOf(again)?.revision).toBe(3)
    expect(entryOf(step(step(again, 'promote'), 'confirm'))).toMatchObject({ revision: 3 })
    expect(entryOf(step(again, 'promote'))).not.toHaveProperty('released')
  })

  it('says that a rollout begins, what stands beside it, and that it ends', () => {
    expect(compiled(first, spec(2)).impact.releases).toEqual([
      {
        key: { environment: 'dev', project: 'language', name: 'letters' },
        modelVersion: 1,
        revision: 2,
        beside: { weight: 20, revision: 1 },
      },
    ])
    expect(compiled(published(first, spec(2)), spec(1)).impact).toMatchObject({
      releases: [],
      ends: [{ name: 'letters' }],
    })
  })

  it('the values of the stable release stay as they are while a candidate stands beside it, and are again when it is gone', () => {
    const begun = published(first, spec(2))
    const stable = first.files.get(valuesPath) ?? ''
    expect(begun.files.get(valuesPath)).toContain(stable.trimEnd())
    expect(begun.files.get(valuesPath)).toMatch(/^candidate:$/m)
    expect(published(begun, spec(1)).files.get(valuesPath)).toBe(stable)
  })

  it('an endpoint of a chart that knows no candidates gets a newer chart with its first candidate, and its own back without', () => {
    const old = serving(spec(1, rolling))
    const pinned = published(published(nothing, spec(1, rolling), '0.1.0'), spec(1, rolling), '0.1.0')
    expect(shape(pinned)).toBe('1/-')
    const oldest = step(registered(pinned, 'a', '0.1.0'), 'confirm')
    const begun = published(oldest, spec(2))
    expect(begun.files.get(applicationPath)).toContain('charts/serving-endpoint/0.2.0')
    const back = step(begun, 'abort')
    expect(back.files.get(applicationPath)).toBe(oldest.files.get(applicationPath))
    expect([...back.files.keys()].filter((path) => path.startsWith('charts/'))).toEqual(
      expect.arrayContaining([...oldest.files.keys()].filter((path) => path.startsWith('charts/'))),
    )
    expect(shape(old)).toBe('1/1')
  })

  it('an entry of an endpoint that is not rolled out this way has nothing new in it', () => {
    const entry = entryOf(registered(published(nothing, spec(1, rolling)), 'a'))
    expect(Object.keys(entry).sort()).toEqual([
      'environment',
      'format',
      'name',
      'past',
      'pin',
      'plan',
      'project',
      'revision',
    ])
  })
})

describe('operations', () => {
  it('leave everything to whoever was first: a step that expects another state is dropped', () => {
    const begun = published(first, spec(2))
    const late = operationOf(begun, 'promote')
    const moved = step(begun, 'set', 50)
    expect(operated(moved, late).results[0]).toMatchObject({
      applied: false,
      why: 'dev/language/letters is at revision 1 with 2 beside it at 50 % by now, not at revision 1 with 2 beside it at 20 %',
    })
  })

  it('compile no spec, so a broken one blocks none of them', () => {
    const begun = published(first, spec(2))
    expect(compiled(begun, spec(3, '  no: such\n')).tree).toBeNull()
    expect(shape(step(begun, 'set', 50))).toBe('1/1+2/1@50')
  })

  it.each<[string, Deployed, Parameters<typeof dropped>[1], number | undefined, RegExp]>([
    ['set without a rollout', first, 'set', 50, /no rollout of dev\/language\/letters is under way/],
    ['promote without a rollout', first, 'promote', undefined, /no rollout/],
    ['resume where nothing is held', first, 'resume', undefined, /nothing of dev\/language\/letters is paused or held/],
    ['set to what it is', published(first, spec(2)), 'set', 20, /has 20 % already/],
    ['set while paused', step(published(first, spec(2)), 'pause'), 'set', 50, /is paused: resume it first/],
    ['promote while paused', step(published(first, spec(2)), 'pause'), 'promote', undefined, /is paused/],
    ['pause twice', step(published(first, spec(2)), 'pause'), 'pause', undefined, /is paused already/],
    ['abort after promote', step(published(first, spec(2)), 'promote'), 'abort', undefined, /was promoted: a rollback/],
    ['confirm with a candidate', published(first, spec(2)), 'confirm', undefined, /a candidate of .* has a share/],
    ['confirm twice', first, 'confirm', undefined, /is known to work/],
    [
      'rollback with nothing before',
      first,
      'rollback',
      undefined,
      /no release of .* before revision 1 is known to have worked/,
    ],
  ])('%s is dropped, and why is said', (_title, deployed, what, weight, why) => {
    expect(dropped(deployed, what, weight)).toMatch(why)
  })
})
