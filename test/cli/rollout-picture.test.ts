import { describe, expect, it } from 'vitest'
import { askedStep } from '../../cli/commands/rollout.ts'
import { nextSteps, rolloutPicture } from '../../cli/rollouts/picture.ts'
import type { SeenEndpoint } from '../../domain/observation.ts'
import type { Deployed } from '../../domain/publication.ts'
import { rolloutView } from '../../domain/rollout-view.ts'
import { entryOf, published, serving, spec, step } from '../support/rollouts.ts'

const common = { modelDigest: null, current: true, reason: 'MinimumReplicasAvailable', message: '', failing: false }
const seen: SeenEndpoint = {
  ...{ environment: 'dev', project: 'language', name: 'letters', namespace: 'language', framework: 'fastapi' },
  ...{ ...common, resourceId: 'language/letters', replicas: 3, readyReplicas: 3, url: 'http://127.0.0.1:4000/letters' },
}
const broken = {
  ...common,
  resourceId: 'language/letters-candidate',
  replicas: 3,
  readyReplicas: 0,
  message: 'exit code 4',
}
const picture = (deployed: Deployed, what: SeenEndpoint | null = seen): string =>
  rolloutPicture(rolloutView(entryOf(deployed), what), false)

const rolling = published(serving(), spec(2))

describe('the picture of a rollout', () => {
  it('has a bar for the requests of each release, its replicas, and why they are not ready', () => {
    expect(picture(rolling, { ...seen, candidate: broken })).toBe(
      `dev/language/letters  canary under way
  http://127.0.0.1:4000/letters

  stable     revision 1  letters@1 trainer:1  ████████████████░░░░ 80 %  3/3 ready
  candidate  revision 2  letters@1 trainer:2  ████░░░░░░░░░░░░░░░░ 20 %  0/3 ready  exit code 4

`,
    )
  })

  it.each<[string, Deployed, SeenEndpoint | null, RegExp]>([
    ['a share of 1 % shows', step(rolling, 'set', 1), seen, /candidate .* █░{19} +1 %/],
    ['a share of 99 % is not drawn whole', step(rolling, 'set', 99), seen, /candidate .* █{19}░ 99 %/],
    ['a candidate that the cluster has not made yet', rolling, seen, /candidate .*not there yet/],
    ['without anybody who looks', rolling, null, /stable .*not looked at now/],
    ['paused', step(rolling, 'pause'), seen, /canary, paused/],
    ['promoted', step(rolling, 'promote'), seen, /promoted, its pods are being replaced/],
    ['rolled back', step(rolling, 'rollback'), seen, /rolled back, and held[^]*held back: letters@1, trainer:2/],
    ['aborted', step(rolling, 'abort'), seen, /aborted, and held/],
  ])('says so: %s', (_title, deployed, what, pattern) => {
    expect(picture(deployed, what)).toMatch(pattern)
  })

  it.each<[string, Deployed, readonly string[]]>([
    ['under way', rolling, ['set 25', 'promote', 'abort']],
    ['at 100 %', step(rolling, 'set', 100), ['promote', 'abort']],
    ['paused', step(rolling, 'pause'), ['resume']],
    ['held', step(rolling, 'rollback'), ['resume']],
    ['promoted', step(rolling, 'promote'), []],
    ['stable', serving(), []],
  ])('what may come next is said: %s', (_title, deployed, steps) => {
    const next = nextSteps(rolloutView(entryOf(deployed), seen))
    expect(next).toEqual(steps.map((one) => `specyard rollout dev/language/letters ${one}`))
  })
})

describe('the words of specyard rollout', () => {
  it.each([
    ['set', undefined],
    ['set', 101],
    ['promote', 5],
    ['status', 5],
  ] as const)('%s %s is wrong use', (word, share) => {
    expect(() => askedStep(word, share)).toThrow(/^error: /)
  })
})
