import { describe, expect, it } from 'vitest'
import { partsOf } from '../../compiler/decide/pull-requests.ts'
import { environmentOf } from '../../domain/branches.ts'
import type { Deployed } from '../../domain/publication.ts'
import { compileTexts, deployedAfter, endpoint, environment, nothing, perform, training } from '../support/compiler.ts'

/* Which part of what changes is pushed, and which waits for a pull request. */

const withProd = (more: string): string => environment.replace('ml-language } } } }', `ml-language } } }${more} }`)
const asking = withProd(', protections: { pullRequest: true }')
const free = environment
const inProd = training('words').replace('environment: dev', 'environment: prod')

function parts(texts: readonly string[], deployed: Deployed = nothing, base = asking) {
  const result = compileTexts(texts, deployed, base)
  expect(result.problems.filter((one) => one.severity === 'error')).toEqual([])
  return { ...partsOf(result, deployed), result }
}
const paths = (part: { readonly change: ReadonlyMap<string, unknown> }) => [...part.change.keys()].sort()
const environmentsOf = (part: { readonly change: ReadonlyMap<string, unknown> }) =>
  [...new Set([...part.change.keys()].map((path) => environmentOf(path) ?? 'all'))].sort()

/** A model version, so that the endpoint of both environments is released. */
function withModel(deployed: Deployed): Deployed {
  const run = { id: '00000000-0000-5000-8000-000000000001', attempt: 1, environment: 'dev' }
  const version = {
    ...{
      digest: `sha256:${'1'.repeat(64)}`,
      uri: 's3://models/letters/1',
      sizeBytes: 1,
      run,
      stage: 'experimental' as const,
    },
    ...{ framework: null, hyperparameters: {}, metrics: {} },
  }
  return perform(deployed, { kind: 'register', project: 'language', model: 'letters', version }).deployed
}

describe('where one environment asks for pull requests', () => {
  it('its files wait, ledger and all, and those of the others do not', () => {
    const { pushed, proposed } = parts([training(), inProd])
    expect(environmentsOf(pushed)).toEqual(['dev'])
    expect(environmentsOf(proposed)).toEqual(['prod'])
    expect(paths(proposed)).toContain('.specyard/ledger/environments/prod.json')
    expect(paths(proposed)).toContain('.specyard/ledger/runs/prod/language/words.json')
    expect([pushed, proposed].map(({ impact }) => impact.starts.map(({ name }) => name))).toEqual([
      ['letters'],
      ['words'],
    ])
  })

  it('nothing is lost between the two: together they are what changes', () => {
    const { pushed, proposed, result } = parts([training(), inProd, endpoint()])
    expect(new Map([...pushed.change, ...proposed.change])).toEqual(new Map(result.change))
    expect(pushed.change.size + proposed.change.size).toBe(result.change.size)
  })

  it('a run of it that is superseded waits, and so does one that is cancelled because its spec is gone', () => {
    const merged = deployedAfter(nothing, compileTexts([training(), inProd], nothing, asking).change)
    const changed = parts([training(), inProd.replace('epochs: 3', 'epochs: 4')], merged)
    expect([changed.pushed.change.size, changed.proposed.impact.supersedes.length]).toEqual([0, 1])
    const gone = parts([training()], merged)
    expect([gone.pushed.change.size, gone.proposed.impact.cancels.length]).toEqual([0, 1])
  })

  it('a spec that no longer asks needs one last pull request, and so does an environment that is gone', () => {
    const merged = deployedAfter(nothing, compileTexts([training(), inProd], nothing, asking).change)
    const off = parts([training(), inProd], merged, free)
    expect(paths(off.pushed)).toEqual([])
    expect(paths(off.proposed)).toEqual(['.specyard/ledger/environments/prod.json'])
    const after = deployedAfter(merged, off.proposed.change)
    expect(
      parts([training(), inProd, training('more').replace('environment: dev', 'environment: prod')], after, free)
        .proposed.change.size,
    ).toBe(0)
    const [before = '', rest = ''] = [free.split('---\n')[0], free.split('---\n').slice(2).join('---\n')]
    const without = parts([training()], merged, `${before}---\n${rest}`)
    expect(environmentsOf(without.proposed)).toEqual(['prod'])
    expect(without.pushed.change.size).toBe(0)
  })

  it('a chart is pushed with whoever needs it first', () => {
    const waiting = deployedAfter(nothing, compileTexts([endpoint()], nothing, asking).change)
    const { pushed, proposed } = parts([endpoint()], withModel(waiting))
    expect(paths(pushed).filter((path) => path.startsWith('charts/'))).toEqual([])
    expect(environmentsOf(proposed)).not.toContain('dev')
  })

  it('a chart that only it needs waits with it', () => {
    const onlyProd = endpoint().replace('dev: {}, ', '')
    const known = withModel(deployedAfter(nothing, compileTexts([], nothing, asking).change))
    const { pushed, proposed } = parts(
      [onlyProd.replace('family: char-loglinear }', 'family: char-loglinear, version: 1 }')],
      known,
    )
    expect(pushed.change.size).toBe(0)
    expect(environmentsOf(proposed)).toEqual(['all', 'prod'])
    expect(paths(proposed).filter((path) => path.startsWith('charts/'))).toEqual([
      'charts/serving-endpoint/0.2.0/Chart.yaml',
    ])
  })

  it('a chart that it still serves with is not taken away by the others', () => {
    const versioned = endpoint().replace('family: char-loglinear }', 'family: char-loglinear, version: 1 }')
    const known = withModel(deployedAfter(nothing, compileTexts([], nothing, asking).change))
    const both = deployedAfter(known, compileTexts([versioned], known, asking).change)
    const { pushed, proposed } = parts([], both)
    expect(environmentsOf(pushed)).toEqual(['dev'])
    expect(paths(proposed)).toContain('charts/serving-endpoint/0.2.0/Chart.yaml')
  })
})

it('where none asks everything is pushed, and the ledger has the bytes that it had', () => {
  const { pushed, proposed } = parts([training(), inProd], nothing, free)
  expect(proposed.change.size).toBe(0)
  expect(pushed.change.get('.specyard/ledger/environments/prod.json')).not.toContain('pullRequest')
})
