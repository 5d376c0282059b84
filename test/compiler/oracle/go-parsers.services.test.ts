import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { load } from 'js-yaml'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../../../compiler/compile.ts'
import { renderJob } from '../../../compiler/render/job.ts'
import { renderValues } from '../../../compiler/render/values.ts'
import type { EndpointPlan, TrainingPlan } from '../../../domain/plan.ts'
import {
  address,
  chart,
  compileTexts,
  endpoint,
  nothing,
  publishTexts,
  source,
  training,
} from '../../support/compiler.ts'
import { hostileText } from '../../support/hostile-text.ts'
import { bombsMany, inputOf } from '../../mutate/inputs.ts'

const folder = mkdtempSync(join(tmpdir(), 'specyard-oracle-'))
const program = join(folder, 'oracle')

beforeAll(() => {
  const built = spawnSync('go', ['build', '-trimpath', '-o', program, '.'], {
    cwd: join(import.meta.dirname, 'go'),
    encoding: 'utf8',
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' },
    timeout: 280_000,
  })
  if (built.status !== 0)
    throw new Error(`the program that asks Go's parsers could not be built: ${built.error?.message ?? built.stderr}`)
}, 300_000)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Reading {
  readonly value: unknown
  readonly error?: string
}

/** What Go's parsers read in each text: that of yaml.v3, and that of sigs.k8s.io/yaml. */
function readByGo(texts: readonly string[]): readonly (readonly [Reading, Reading])[] {
  const input = texts.map((text) => JSON.stringify(text)).join('\n')
  const { status, stdout, stderr } = spawnSync(program, {
    input,
    encoding: 'utf8',
    maxBuffer: 1024 ** 3,
    timeout: 240_000,
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as [Reading, Reading])
}

/** The documents of rendered files: no text of theirs can hold a line of three dashes. */
const documentsOf = (text: string): readonly string[] => text.split(/^---$/m)

function expectSameByGo(documents: readonly string[]): void {
  const read = readByGo(documents)
  expect(read).toHaveLength(documents.length)
  for (const [index, text] of documents.entries()) {
    const value = load(text)
    expect(read[index], text).toEqual([{ value }, { value }])
  }
}

const runs = Number(process.env['FUZZ_RUNS'] ?? 2000)
const plan = compileTexts([training()]).impact.starts[0] as TrainingPlan
const stored = publishTexts([training(), endpoint()]).files.get('.specyard/ledger/endpoints/dev/language/letters.json')
const endpointPlan = (JSON.parse(stored ?? '') as { plan: EndpointPlan }).plan

describe("Go's parsers of YAML, by which kubectl, Argo CD and Helm read", () => {
  it('read in manifests and values what ours read, whatever texts stand in them', () => {
    const some = fc.record({ one: hostileText, two: hostileText, three: hostileText })
    const texts = fc.sample(some, { numRuns: runs, seed: 1 }).flatMap(({ one, two, three }) => {
      const changed = { image: one, command: [two, three], variables: [{ name: 'ANY', value: three }] }
      const pin = { model: one, version: 1, digest: two, uri: three }
      return [
        ...documentsOf(
          renderJob(
            { ...plan, ...changed, nodes: 2, source: { ...plan.source, path: two } },
            { attempt: 1, checkpointUri: one },
          ),
        ),
        renderValues({ plan: { ...endpointPlan, ...changed, route: two }, pin, revision: 1 }, null),
      ]
    })
    expect(texts.length).toBe(runs * 3)
    expectSameByGo(texts)
  })

  it('read in every file of a tree what ours read, whatever was done to the specs', () => {
    const texts: string[] = []
    for (let number = bombsMany; number < bombsMany + runs; number += 1) {
      const sources = inputOf(1, number).files.map((bytes, index) => ({ path: `specs/${index}.yaml`, bytes }))
      const { tree } = compile({ sources, source, deployed: nothing, chart, deploy: address })
      for (const [path, text] of tree ?? []) if (path.endsWith('.yaml')) texts.push(...documentsOf(text))
    }
    expect(texts.length).toBeGreaterThan(runs / 10)
    expectSameByGo(texts)
  })
})
