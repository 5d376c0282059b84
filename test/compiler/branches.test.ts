import { describe, expect, it } from 'vitest'
import { branchesPath, paths } from '../../domain/ledger.ts'
import type { Deployed } from '../../domain/publication.ts'
import { compileTexts, deployedAfter, endpoint, environment, nothing, perform, training } from '../support/compiler.ts'

/* Where an Environment has a branch of its own: what is written there, and which branch it may be. */

const withBranches = (dev: string | null, prod: string | null): string =>
  environment
    .replace('cluster: local,', `cluster: local,${dev === null ? '' : ` branch: ${dev},`}`)
    .replace('ml-language } } } }', `ml-language } } }${prod === null ? '' : `, branch: ${prod}`} }`)
const inProd = (name: string, more = ''): string =>
  training(name, more).replace('environment: dev', 'environment: prod')
const told = (texts: readonly string[], deployed: Deployed, base: string) =>
  compileTexts(texts, deployed, base)
    .problems.filter(({ severity }) => severity === 'error')
    .map(({ code, message }) => `${code} ${message}`)
const branchesIn = (deployed: Deployed): unknown =>
  (JSON.parse(deployed.files.get(branchesPath) ?? '{}') as { branches?: unknown }).branches
const published = (texts: readonly string[], base: string, deployed = nothing): Deployed => {
  const result = compileTexts(texts, deployed, base)
  expect(result.problems.filter(({ severity }) => severity === 'error')).toEqual([])
  return deployedAfter(deployed, result.change)
}
const registered = (deployed: Deployed): Deployed => {
  const run = { id: '00000000-0000-5000-8000-000000000001', attempt: 1, environment: 'dev' }
  const version = {
    ...{ digest: `sha256:${'1'.repeat(64)}`, uri: 's3://models/letters/1', sizeBytes: 1, run },
    ...{ stage: 'experimental' as const, framework: null, hyperparameters: {}, metrics: {} },
  }
  return perform(deployed, { kind: 'register', project: 'language', model: 'letters', version }).deployed
}

describe('an Environment with a branch', () => {
  it('is said to have it, and Argo CD is told to read there', () => {
    const deployed = published([training(), inProd('words')], withBranches(null, 'releases/prod'))
    expect(branchesIn(deployed)).toEqual({ prod: 'releases/prod' })
    expect(deployed.files.get(paths.jobsApplication('prod', 'language'))).toContain('targetRevision: "releases/prod"')
    expect(deployed.files.get(paths.jobsApplication('dev', 'language'))).toContain('targetRevision: "main"')
  })

  it('has its endpoints read there by an operation too, which compiles no spec', () => {
    const deployed = registered(published([endpoint()], withBranches('dev', null)))
    const application = paths.endpointApplication({ environment: 'dev', project: 'language', name: 'letters' })
    expect(deployed.files.get(application)).toContain('targetRevision: "dev"')
    expect(compileTexts([endpoint()], deployed, withBranches('dev', null)).change.size).toBe(0)
  })

  it('may share it with another, and may name the deploy branch, which says nothing', () => {
    expect(branchesIn(published([], withBranches('all', 'all')))).toEqual({ dev: 'all', prod: 'all' })
    expect(published([], withBranches('main', null)).files.has(branchesPath)).toBe(false)
  })

  it('changes nothing for those that have none', () => {
    expect(published([training()], environment)).toEqual(published([training()], withBranches(null, null)))
    expect(published([], environment).files.has(branchesPath)).toBe(false)
  })

  it('may be called as what every object has, with a branch and without one', () => {
    const named = (branch: string): string =>
      withBranches(null, null)
        .replaceAll(/\bname: prod\b/g, 'name: constructor')
        .replace('ml-language } } } }', `ml-language } } }${branch} }`)
    const there = inProd('words').replace('environment: prod', 'environment: constructor')
    const before = published([there], named(''))
    expect(before.files.get(paths.jobsApplication('constructor', 'language'))).toContain('targetRevision: "main"')
    expect(told([there], before, named(''))).toEqual([])
    expect(compileTexts([there], before, named('')).change.size).toBe(0)
    expect(branchesIn(published([there], named(', branch: own')))).toEqual({ constructor: 'own' })
  })

  it('keeps it when its spec is gone, for as long as it is known what ran there', () => {
    const before = published([training(), inProd('words')], withBranches(null, 'prod'))
    const [dev = '', , ...rest] = environment.split('---\n')
    const after = published([training()], [dev, ...rest].join('---\n'), before)
    expect(branchesIn(after)).toEqual({ prod: 'prod' })
  })
})

describe('a branch that cannot be', () => {
  it.each([
    ['main-next', 'pull requests of the branch "main" are made from it'],
    ['a..b', 'Git takes no branch "a..b"'],
    ['a.lock', 'Git takes no branch "a.lock"'],
    ['HEAD', '"HEAD" means something else to Git'],
    ['refs/heads/a', '"refs/heads/a" means something else to Git'],
    ['main/prod', 'Git cannot have it beside the branch "main": one would be a folder of the other'],
    ['main-next/prod', 'Git cannot have it beside the branch "main-next": one would be a folder of the other'],
  ])('%s is refused: %s', (branch, why) => {
    expect(told([], nothing, withBranches(null, branch))).toEqual([
      `BRANCH_UNUSABLE the environment "prod" cannot have this branch: ${why}`,
    ])
  })

  it.each([
    [
      'a',
      'a-next',
      ['its pull requests would be made from the branch "a-next"', 'pull requests of the branch "a" are made from it'],
    ],
    ['a', 'a/b', ['Git cannot have it beside the branch "a/b"', 'Git cannot have it beside the branch "a"']],
  ])('%s and %s are refused beside each other', (dev, prod, why) => {
    const problems = told([], nothing, withBranches(dev, prod))
    expect(problems).toHaveLength(2)
    for (const [at, one] of why.entries()) expect(problems[at]).toContain(one)
  })

  it('a text that is no branch is refused by its form', () => {
    for (const branch of ['"-a"', '"a b"', '"a~1"', '"a:b"', '""', '"a/"'])
      expect(told([], nothing, withBranches(null, branch))).toHaveLength(1)
  })
})

describe('an Environment that is to move', () => {
  const moves: readonly (readonly [string, string, string])[] = [
    ['to a branch of its own', withBranches(null, null), withBranches(null, 'prod')],
    ['to another', withBranches(null, 'prod'), withBranches(null, 'production')],
    ['back to the deploy branch', withBranches(null, 'prod'), withBranches(null, null)],
  ]
  const cancelled = (deployed: Deployed): Deployed => {
    const key = { environment: 'prod', project: 'language', name: 'words' }
    const runs = JSON.parse(deployed.files.get(paths.runLedger(key)) ?? '') as { runs: readonly { id: string }[] }
    const [{ id: runId } = { id: '' }] = runs.runs
    const { deployed: stopping } = perform(deployed, { kind: 'cancel', key, runId, reason: 'REQUESTED' })
    return perform(stopping, { kind: 'conclude', key, runId, outcome: 'CANCELLED' }).deployed
  }

  it.each(moves)('%s is refused while a run of it is in its cluster', (_where, from, to) => {
    const before = published([inProd('words')], from)
    expect(told([inProd('words')], before, to)).toEqual([
      expect.stringMatching(
        /^BRANCH_MOVED the environment "prod" cannot move .*: a run of language\/words is deployed there$/,
      ),
    ])
  })

  const served = endpoint().replace(/ {2}environments: .*/, '  environments: { prod: { model: { version: 1 } } }')

  it.each(moves)('%s moves with endpoints that wait for a model', (_where, from, to) => {
    const waiting = endpoint().replace(/ {2}environments: .*/, '  environments: { prod: {} }')
    expect(told([waiting], published([waiting], from), to)).toEqual([])
  })

  it.each(moves)('%s is refused while it has an endpoint', (_where, from, to) => {
    const before = published([served], from, registered(published([], from)))
    expect(told([served], before, to)).toEqual([
      expect.stringContaining('the endpoint language/letters is deployed there'),
    ])
  })

  it.each(moves)('%s moves when its runs are over, and none of them begins again', (_where, from, to) => {
    const before = cancelled(published([inProd('words')], from))
    const { change, impact, problems } = compileTexts([inProd('words')], before, to)
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(impact.starts).toEqual([])
    expect([...change.keys()]).toContain(branchesPath)
  })

  it('is refused while somebody else’s edit of its files stands', () => {
    const path = paths.applicationsPlaceholder('prod')
    const drifted = [{ path, commit: 'b'.repeat(40), author: 'Ada <ada@example.com>' }]
    const before = { ...published([], environment), drifted }
    expect(told([], before, withBranches(null, 'prod'))).toEqual([
      expect.stringContaining(`somebody else changed ${path}`),
    ])
  })
})
