import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { parseYaml } from '../../compiler/load/document.ts'
import { bundle } from '../../tools/bundle.ts'
import type { Compiled } from './compile-once.ts'
import { trainingCorpus } from './corpus.ts'
import { type Peers, renderByForks, renderByLibrary } from './compile/peers.ts'
import { median, type Row, row } from './report.ts'

const root = join(import.meta.dirname, '..', '..')
const chart = join(root, 'charts', 'serving-endpoint')
const values = join(root, 'test', 'charts', 'golden', 'prod', 'values.yaml')

/** Its start is part of what scripts pay for each file. */
export const helmName = 'helm template, a fork each'

export interface CompilingOptions {
  readonly specs: number
  readonly rounds: number
  /** Forks of Helm in each round. */
  readonly forks: number
  /** The program, or null where there is none. */
  readonly helm: string | null
  /** What was built to be measured beside, or null where nothing was. */
  readonly peers?: Peers | null
}

interface Round {
  readonly ours: Compiled
  /** Specs or renderings per second. */
  readonly fork: number | null
  readonly sdk: number | null
  readonly json: number
}

/**
 * Specs per second of the compiler as it is built: the first thing that a new process does, and in a process that has compiled before. Beside it
 * Helm as CI scripts run it, a fork for each file; Helm's library in one process; and what reading, writing and hashing the same documents as
 * JSON would take.
 */
export async function measureCompiling(options: CompilingOptions): Promise<readonly Row[]> {
  const { specs, rounds } = options
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-'))
  try {
    await build({ ...bundle, entryPoints: { once: 'test/bench/compile-once.ts' }, absWorkingDir: root, outdir: folder })
    const corpus = trainingCorpus(specs)
    const documents = corpus.map((file) => parseYaml(new TextDecoder().decode(file.bytes), file.path).value)
    const texts = documents.map((document) => JSON.stringify(document ?? null))
    const measured = Array.from({ length: rounds }, () => measureRound(join(folder, 'once.js'), texts, options))
    return rowsOf(specs, measured)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function measureRound(
  program: string,
  texts: readonly string[],
  { specs, forks, helm, peers }: CompilingOptions,
): Round {
  return {
    ours: compileInNewProcess(program, specs),
    fork: helm === null ? null : forks / forkHelm(helm, forks),
    sdk: peers ? specs / renderByLibrary(peers, chart, repeated(specs)) : null,
    json: specs / seconds(() => handleAsJson(texts)),
  }
}

function rowsOf(specs: number, rounds: readonly Round[]): readonly Row[] {
  const middle = (pick: (round: Round) => number | null): number | null => {
    const found = rounds.map(pick).filter((one) => one !== null)
    return found.length === 0 ? null : median(found)
  }
  const fork = {
    name: middle((one) => one.fork) === null ? 'helm template (not installed)' : helmName,
    value: middle((one) => one.fork),
  }
  const sdk = { name: "Helm's Go library in one process", value: middle((one) => one.sdk) }
  const limit = middle((one) => one.json)
  const rate = { unit: 'specs/s', better: 'more', limit } as const
  const again = middle(({ ours }) => specs / ours.again)
  // Within six times what JSON takes.
  const bound = limit === null ? undefined : limit / 6
  return [
    row({
      ...rate,
      metric: `compile ${specs} training specs, first in a process`,
      ours: middle(({ ours }) => specs / ours.first),
      peer: fork,
    }),
    row({
      ...rate,
      metric: `compile ${specs} training specs in a process, beside forks`,
      ours: again,
      peer: fork,
      goal: 500,
      bound,
    }),
    row({
      ...rate,
      metric: `compile ${specs} training specs in a process, beside a library`,
      ours: again,
      peer: sdk,
      goal: 5,
      bound,
    }),
    row({
      metric: `compile ${specs} training specs in a process, one file changed`,
      unit: 'ms',
      better: 'less',
      ours: middle(({ ours }) => ours.afterOneChange * 1000),
      peer: { name: 'the same without a memory', value: middle(({ ours }) => ours.again * 1000) },
    }),
  ]
}

function compileInNewProcess(program: string, specs: number): Compiled {
  const ended = spawnSync(process.execPath, [program, String(specs), chart], { encoding: 'utf8', cwd: root })
  if (ended.status !== 0) throw new Error(`compiling the corpus failed:\n${ended.stderr}${ended.stdout}`)
  return JSON.parse(ended.stdout) as Compiled
}

/** @returns seconds to render the chart of an endpoint so many times, each in a process of its own */
export function forkHelm(helm: string, times: number): number {
  return renderByForks(helm, chart, repeated(times))
}

function repeated(times: number): readonly string[] {
  return Array.from({ length: times }, () => values)
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
