import { describe, expect, it } from 'vitest'
import { releaseText, surgeText, headline } from '../../../cli/impact/words.ts'
import { compile } from '../../../compiler/compile.ts'
import { assess } from '../../../compiler/impact/assess.ts'
import type { Deployed } from '../../../domain/publication.ts'
import { address, deployedAfter, nothing, source, sourcesOf } from '../../support/compiler.ts'
import { chartOf, newest, registered, spec, step } from '../../support/rollouts.ts'

/* What `specyard diff` and the comment on a pull request say of rollouts. */

const gpus = (count: number): string => `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: dev }
spec:
  cluster: { kubernetes: { context: dev, namespaces: { language: ml } } }
  follow: newest
  ingress: { host: ml.example.com, className: nginx, controller: ingress-nginx }
  gpuTypes: { T4: { resource: nvidia.com/gpu, count: ${count}, pricePerHour: 0.5 } }
---
apiVersion: specyard.dev/v1
kind: Model
metadata: { name: letters, project: language }
spec: { family: char-loglinear }
`
const more = '  resources: { gpus: 1, gpuType: T4 }\n  replicas: { min: 2, max: 2 }\n'
const surge = '  rollout: { strategy: canary, trafficSplit: { old: 80, new: 20 }, maxSurge: 1 }\n'

function change(before: Deployed, text: string, offered: number) {
  const sources = sourcesOf([text], gpus(offered))
  const result = compile({ sources, source, deployed: before, chart: chartOf(newest), deploy: address })
  const statement = assess({ before, result, sources, known: undefined })
  return { statement, release: statement.releases[0], after: deployedAfter(before, result.change) }
}
const stable = step(registered(change(nothing, spec(1, surge + more), 8).after, 'a'), 'confirm')
const begins = (offered: number) => change(stable, spec(2, surge + more), offered)

describe('what a change says of a rollout', () => {
  it('a candidate begins: beside which revision, with what share, and what is another', () => {
    const { statement, release } = begins(8)
    expect(headline(statement)).toMatch(/^1 rollout begins/)
    expect(release && releaseText(release)).toBe(
      'begins beside revision 1 with 20 % of the requests: letters@1, 2 replicas, 2 GPUs, 1 an hour',
    )
    expect(release?.changes).toContainEqual({ path: 'image', before: 'example/trainer:1', after: 'example/trainer:2' })
  })

  it.each([
    [4, 'needs 2 T4 more while it rolls: there is room, 2 of 4 are free by what is published'],
    [3, 'needs 2 T4 more while it rolls: no room, 1 of 3 are free by what is published; the new pods will wait'],
  ])('of %i GPUs it says whether a candidate has room beside the stable pods', (offered, says) => {
    const { release } = begins(offered)
    expect(release && surgeText(release.surge)).toBe(says)
  })

  it('the room of others is told with the candidates that stand there already', () => {
    const under = begins(8).after
    const { release } = change(under, spec(3, surge + more), 5)
    // Another candidate takes the place of the one that is there: what it needs is there when that has gone.
    expect(release && surgeText(release.surge)).toContain('3 of 5 are free')
  })

  it('the stable release asked for again: the candidate goes', () => {
    const { statement, release } = change(begins(8).after, spec(1, surge + more), 8)
    expect(headline(statement)).toMatch(/^1 rollout ends/)
    expect(release && releaseText(release)).toContain('its candidate goes, what is stable gets all requests')
    expect(release && surgeText(release.surge)).toBe('needs no more GPUs while it rolls')
  })

  it('what takes the place at once rolls as before', () => {
    const { release } = change(
      stable,
      spec(2, surge.replace('canary, trafficSplit: { old: 80, new: 20 }', 'rolling') + more),
      8,
    )
    expect(release?.what).toBe('rolls')
    expect(release).not.toHaveProperty('beside')
  })
})
