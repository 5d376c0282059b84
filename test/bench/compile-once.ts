import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from '../../compiler/compile.ts'
import { type Memory, memoryOfProcess } from '../../compiler/load/memory.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { trainingCorpus } from './corpus.ts'

// Compilations in one process: the first one, as `specyard compile` does it; the middle one of the next, as a service does it; and the same
// with a memory, after one file has changed: node compile-once.js <number of specs> <folder of the chart>

/** What it prints, in seconds. */
export interface Compiled {
  readonly first: number
  readonly again: number
  readonly afterOneChange: number
  readonly manifests: number
}

const againTimes = 7
const specs = Number(process.argv[2])
const sources = trainingCorpus(specs)
const files = new Map([['Chart.yaml', readFileSync(join(process.argv[3] ?? '', 'Chart.yaml'), 'utf8')]])

function timed(given: readonly SourceFile[], memory?: Memory): number {
  const began = performance.now()
  const { tree, problems } = compile(
    {
      sources: given,
      source: { format: 1, repository: null, commit: null, dirty: false },
      deployed: { commit: null, files: new Map(), drifted: [] },
      chart: { version: '0.1.0', files },
      deploy: { url: 'https://git.example.com/deploy.git', branch: 'main' },
    },
    { memory },
  )
  const seconds = (performance.now() - began) / 1000
  const paths = [...(tree?.keys() ?? [])]
  const manifests = paths.filter((path) => /\/jobs\/.*\.yaml$/.test(path) && path.startsWith('environments/'))
  if (manifests.length !== specs)
    throw new Error(`${manifests.length} manifests of ${specs} specs; ${JSON.stringify(problems.slice(0, 3))}`)
  return seconds
}

/** The corpus after somebody changed one file, another one each time. */
function changed(index: number): readonly SourceFile[] {
  return sources.map((file, at) =>
    at === index + 2 ? { ...file, bytes: Buffer.concat([file.bytes, Buffer.from(`# change ${index}\n`)]) } : file,
  )
}

const middle = (seconds: readonly number[]): number =>
  [...seconds].sort((left, right) => left - right)[Math.floor(seconds.length / 2)] ?? 0
const first = timed(sources)
const again = middle(Array.from({ length: againTimes }, () => timed(sources)))
const memory = memoryOfProcess()
timed(sources, memory)
const afterOneChange = middle(Array.from({ length: againTimes }, (_, index) => timed(changed(index), memory)))
process.stdout.write(`${JSON.stringify({ first, again, afterOneChange, manifests: specs } satisfies Compiled)}\n`)
