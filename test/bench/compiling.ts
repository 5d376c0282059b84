import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { parseYaml } from '../../compiler/load/document.ts'
import { trainingCorpus } from './corpus.ts'
import { median, type Row, row } from './report.ts'

const chart = join(import.meta.dirname, '..', '..', 'charts', 'serving-endpoint')
const values = join(import.meta.dirname, '..', 'charts', 'golden', 'prod', 'values.yaml')
const program = join(import.meta.dirname, 'compile-once.ts')

/** Its start is part of what scripts pay for each file. */
export const helmName = 'helm template, a fork each'

export interface CompilingOptions {
  readonly specs: number
  readonly rounds: number
  /** Forks of Helm in each round. */
  readonly forks: number
  /** The program, or null where there is none. */
  readonly helm: string | null
}

/**
 * Specs per second of a compiler that has just been started: the first thing it does is to parse, check, resolve, render and hash them all.
 * Beside it Helm as CI scripts run it, a fork for each file, and what reading, writing and hashing the same documents as JSON would take.
 */
export function measureCompiling({ specs, rounds, forks, helm }: CompilingOptions): Row {
  const corpus = trainingCorpus(specs)
  const documents = corpus.map((file) => parseYaml(new TextDecoder().decode(file.bytes), file.path).value)
  const texts = documents.map((document) => JSON.stringify(document ?? null))
  const ours: number[] = []
  const helms: number[] = []
  const limits: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    ours.push(specs / compileInNewProcess(specs))
    if (helm !== null) helms.push(forks / seconds(() => forkHelm(helm, forks)))
    limits.push(specs / seconds(() => handleAsJson(texts)))
  }
  return row({
    metric: `compile ${specs} training specs, first in a process`,
    unit: 'specs/s',
    better: 'more',
    ours: median(ours),
    peer: {
      name: helm === null ? 'helm template (not installed)' : helmName,
      value: helm === null ? null : median(helms),
    },
    limit: median(limits),
  })
}

/** @returns seconds that the first compilation of a new process took, its start and imports left out */
function compileInNewProcess(specs: number): number {
  const ended = spawnSync(process.execPath, ['--import', 'tsx', program, String(specs)], { encoding: 'utf8' })
  if (ended.status !== 0) throw new Error(`compiling the corpus failed:\n${ended.stderr}${ended.stdout}`)
  return (JSON.parse(ended.stdout) as { seconds: number }).seconds
}

/** Renders the chart of an endpoint so many times, each in a process of its own. */
export function forkHelm(helm: string, times: number): void {
  for (let index = 0; index < times; index += 1) {
    const ended = spawnSync(helm, ['template', 'bench', chart, '--kube-version', '1.34.0', '--values', values], {
      encoding: 'utf8',
    })
    if (ended.status !== 0) throw new Error(`helm template failed: ${ended.error?.message ?? ended.stderr}`)
  }
}

function handleAsJson(texts: readonly string[]): void {
  for (const text of texts)
    createHash('sha256')
      .update(JSON.stringify(JSON.parse(text)))
      .digest('hex')
}

function seconds(work: () => void): number {
  const began = performance.now()
  work()
  return (performance.now() - began) / 1000
}
