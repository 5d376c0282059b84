import { describe, expect, it } from 'vitest'
import { compile } from '../../../compiler/compile.ts'
import type { Operation } from '../../../domain/operation.ts'
import type { Deployed } from '../../../domain/publication.ts'
import {
  address,
  chart,
  deployedAfter,
  endpoint,
  nothing,
  performWith,
  source,
  sourcesOf,
} from '../../support/compiler.ts'

const first = { version: '0.1.0', files: new Map([['Chart.yaml', 'name: serving-endpoint\nversion: 0.1.0\n']]) }
const values = 'environments/dev/language/endpoints/letters/values.yaml'
const application = 'applications/dev/language/endpoints/letters.yaml'

const register = (digit: string): Operation => ({
  kind: 'register',
  project: 'language',
  model: 'letters',
  version: {
    ...{ digest: `sha256:${digit.repeat(64)}`, uri: `s3://models/${digit}`, sizeBytes: 1, stage: 'experimental' },
    run: { id: 'e01a23c8-e10b-5fee-9d60-c5f0599d56f5', attempt: 1, environment: 'dev' },
    ...{ framework: null, hyperparameters: {}, metrics: {} },
  },
})

function published(deployed: Deployed, shipped: typeof chart, text = endpoint()): Deployed {
  const { change, problems } = compile({
    sources: sourcesOf([text]),
    source,
    deployed,
    chart: shipped,
    deploy: address,
  })
  expect(problems).toEqual([])
  return deployedAfter(deployed, change)
}

/** What the version that shipped the first chart published. */
const before = performWith(first, published(nothing, first), [register('a')]).deployed

describe('an endpoint that was released with the first chart', () => {
  it('keeps chart, values and Application to the byte under a version that ships the next one', () => {
    expect(before.files.get(application)).toContain('charts/serving-endpoint/0.1.0')
    expect(before.files.get(values)).toContain('  trafficSplit: null\n')
    expect([...published(before, chart).files]).toEqual([...before.files])
  })

  it('keeps them when a new model version is registered: values fit the chart that they are for', () => {
    const { deployed } = performWith(chart, before, [register('b')])
    const [old, now] = [before.files.get(values) ?? '', deployed.files.get(values) ?? '']
    expect(now).toBe(
      old
        .replaceAll('a'.repeat(64), 'b'.repeat(64))
        .replaceAll('/a"', '/b"')
        .replaceAll(/\b1(?=\n {2}digest|"\n {2}- name: "PORT")/g, '2'),
    )
    expect(deployed.files.get(application)).toBe(before.files.get(application))
  })

  it('takes the next chart with its next release', () => {
    const after = published(before, chart, endpoint('  args: [--verbose]\n'))
    expect(after.files.get(application)).toContain('charts/serving-endpoint/0.2.0')
    expect(after.files.has('charts/serving-endpoint/0.2.0/Chart.yaml')).toBe(true)
    expect(after.files.get(values)).not.toContain('trafficSplit')
  })
})

describe('an endpoint that waits for its first model version', () => {
  const waiting = published(nothing, first)

  it('is released with the chart of the version that releases it, which ships its files', () => {
    const { deployed } = performWith(chart, waiting, [register('a')])
    expect(deployed.files.get(application)).toContain('charts/serving-endpoint/0.2.0')
    expect(deployed.files.has('charts/serving-endpoint/0.2.0/Chart.yaml')).toBe(true)
    expect([...published(deployed, chart).files.keys()]).toEqual([...deployed.files.keys()])
  })

  it('goes on waiting, and nothing is published of it, until then', () => {
    const after = published(waiting, chart)
    expect(after.files.has(values)).toBe(false)
  })
})
