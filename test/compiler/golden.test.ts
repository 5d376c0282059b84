import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeImpact } from '../../cli/specs/publish-specs.ts'
import { formatProblems } from '../../cli/terminal/problems.ts'
import { compile } from '../../compiler/compile.ts'
import type { CompileResult } from '../../compiler/compile-types.ts'
import { readRunLedger } from '../../domain/ledger-files.ts'
import type { Operation } from '../../domain/operation.ts'
import type { Deployed, SourceFile } from '../../domain/publication.ts'
import { address, chart, deployedAfter, nothing, performWith, source } from '../support/compiler.ts'
import { expectFolder, readFolder } from '../support/golden.ts'

const root = join(import.meta.dirname, '..', 'golden', 'compile')
const repository = join(import.meta.dirname, '..', '..')

/**
 * One compilation, kept as a folder: `before/` is compiled first where there is one, then come the operations, then `specs/` is compiled;
 * `expected/` is the whole deploy repository after it, and `outcome.txt` what was said. `common/` belongs to every case.
 */
interface Case {
  readonly name: string
  readonly operations?: (deployed: Deployed) => readonly Operation[]
  /** The chart that is shipped by the first compilation, where it is another one. */
  readonly firstChart?: typeof chart
}

const key = { environment: 'dev', project: 'language', name: 'letters' }
const runOf = (deployed: Deployed): string => readRunLedger(deployed.files, key)?.runs[0]?.id ?? 'no run'
const register = (digit: string): Operation => ({
  kind: 'register',
  project: 'language',
  model: 'letters',
  version: {
    digest: `sha256:${digit.repeat(64)}`,
    uri: `storage/models/${digit}`,
    sizeBytes: 3,
    stage: 'experimental',
    run: { id: 'e01a23c8-e10b-5fee-9d60-c5f0599d56f5', attempt: 1, environment: 'dev' },
    framework: null,
    hyperparameters: { epochs: 3 },
    metrics: { val_loss: 1.5 },
  },
})
const retire = (deployed: Deployed): Operation => ({
  kind: 'retire',
  key,
  runId: runOf(deployed),
  attempts: [{ attempt: 1, failureClass: null }],
  outcome: 'SUCCEEDED',
})

const cases: readonly Case[] = [
  { name: 'second-compile', operations: () => [register('a')] },
  { name: 'superseding-change' },
  { name: 'rerun', operations: (deployed) => [retire(deployed)] },
  { name: 'removed-spec' },
  { name: 'ended-run-restored', operations: (deployed) => [retire(deployed)] },
  { name: 'overlays', operations: () => [register('a')] },
  { name: 'endpoint-follows-newest', operations: () => [register('a'), register('b')] },
  { name: 'endpoint-pinned', operations: () => [register('a'), register('b')] },
  {
    name: 'vendored-chart',
    operations: () => [register('a')],
    firstChart: { version: '0.1.0', files: new Map([['Chart.yaml', 'name: serving-endpoint\nversion: 0.1.0\n']]) },
  },
]

const specs = (folder: string): readonly SourceFile[] =>
  [...readFolder(join(root, 'common')), ...readFolder(folder)].map(([path, text]) => ({
    path: `specs/${path}`,
    bytes: new TextEncoder().encode(text),
  }))

function compiled(sources: readonly SourceFile[], deployed: Deployed, shipped = chart): CompileResult {
  return compile({ sources, source, deployed, chart: shipped, deploy: address })
}

/** What was said and what would be committed, for a person to read. */
function outcome({ change, impact, problems }: CompileResult): string {
  const kept = impact.keeps.map((one) => `keeps       ${one.runId}${one.ended ? '  (ended)' : ''}`)
  const files = [...change].map(([path, text]) => `${text === null ? '-' : '+'} ${path}`)
  const lines = [...describeImpact({ impact }), ...kept, '', ...files]
  return `${[formatProblems(problems), ...lines].join('\n').trim() || 'nothing changes'}\n`
}

/** What is expected of a case, and what the next compilation of the same would change, which must be nothing. */
function play({ name, operations, firstChart }: Case) {
  const folder = join(root, name)
  const before = readdirSync(folder).includes('before')
    ? deployedAfter(nothing, compiled(specs(join(folder, 'before')), nothing, firstChart).change)
    : nothing
  const operated = performWith(firstChart ?? chart, before, operations?.(before) ?? [])
  for (const result of operated.results) expect(result).toMatchObject({ applied: true })
  const result = compiled(specs(join(folder, 'specs')), operated.deployed)
  const deployed = deployedAfter(operated.deployed, result.change)
  const again = compiled(specs(join(folder, 'specs')), deployed)
  return { result, deployed, again, folder }
}

describe('compiling whole trees', () => {
  it('has a folder for each case and a case for each folder', () => {
    const folders = readdirSync(root).filter((name) => name !== 'common' && name !== 'worked-example')
    expect(folders.sort()).toEqual(cases.map((one) => one.name).sort())
  })

  it.each(cases.map((one) => [one.name, one] as const))('%s gives the tree of its folder', (_name, one) => {
    const { result, deployed, again, folder } = play(one)
    expect(result.tree).not.toBeNull()
    expectFolder(join(folder, 'expected'), new Map([...deployed.files, ['outcome.txt', outcome(result)]]))
    expect([...again.change.keys()]).toEqual([])
  })

  it('the worked example of this repository gives the tree of its folder', () => {
    const files = [...readFolder(join(repository, 'specs'))].map(([path, text]) => ({
      path: `specs/${path}`,
      bytes: new TextEncoder().encode(text),
    }))
    const result = compiled(files, nothing)
    const deployed = deployedAfter(nothing, result.change)
    expectFolder(
      join(root, 'worked-example', 'expected'),
      new Map([...deployed.files, ['outcome.txt', outcome(result)]]),
    )
    expect([...compiled(files, deployed).change.keys()]).toEqual([])
  })

  it('every case changes what its name says', () => {
    const changed = new Map(cases.map((one) => [one.name, play(one).result]))
    const impact = (name: string) => changed.get(name)?.impact
    expect(changed.get('second-compile')?.change.size).toBe(0)
    expect(impact('superseding-change')).toMatchObject({ starts: [{}], supersedes: [{}], cancels: [] })
    expect(impact('rerun')).toMatchObject({ starts: [{}], supersedes: [], cancels: [] })
    expect(impact('removed-spec')).toMatchObject({ starts: [], supersedes: [], cancels: [{}] })
    expect(impact('ended-run-restored')).toMatchObject({ starts: [], keeps: [{ ended: true }] })
    expect(changed.get('ended-run-restored')?.problems.map((one) => one.code)).toEqual(['RUN_ENDED'])
    expect(impact('endpoint-follows-newest')).toMatchObject({ releases: [{ modelVersion: 2 }] })
    expect(impact('endpoint-pinned')).toMatchObject({ releases: [{ modelVersion: 1 }], waits: [{}] })
    expect(impact('vendored-chart')).toMatchObject({ releases: [{ key: { name: 'other' } }] })
  })

  it('every expected manifest and value ends its lines alike and holds no carriage return', () => {
    for (const { name } of cases) {
      for (const [path, text] of readFolder(join(root, name, 'expected')))
        expect(`${name}/${path} ${text.includes('\r') || !text.endsWith('\n')}`).toBe(`${name}/${path} false`)
    }
  })
})
