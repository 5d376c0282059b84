import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPrograms } from '../cluster/programs.ts'
import { measurePublishing } from '../publishing.ts'
import { type Row, row } from '../report.ts'
import { type Asked, runBench, say } from '../run-bench.ts'
import { measureChecking } from './checking.ts'
import { measureInProcess } from './in-process.ts'
import { buildPeers, type Peers } from './peers.ts'
import { placesRow } from './places.ts'
import { writeKubeconformSchemas } from './schemas.ts'
import { measureStart } from './start.ts'
import { writeTrainingChart } from './training-chart.ts'
import { measureWhole } from './whole.ts'

/*
 * npm run bench:compile              a table
 * npm run bench:compile -- --json    one JSON document on standard output
 * npm run bench:compile -- --quick   small sizes and no peer that has to be built, to see that it works; its figures say little
 * npm run bench:compile -- --only=whole  some of: compiling, whole, starts, checking, publishing, places
 */

const sizes = {
  whole: {
    specs: 1000,
    many: 10_000,
    rounds: 5,
    manyRounds: 3,
    forks: 20,
    starts: 15,
    mutations: Infinity,
    files: 10_000,
  },
  quick: { specs: 20, many: 40, rounds: 1, manyRounds: 1, forks: 1, starts: 1, mutations: 50, files: 20 },
} as const

const vendored = join(import.meta.dirname, '..', '..', '..', 'schemas', 'kubernetes', '1.36.json')
const parts = ['compiling', 'whole', 'starts', 'checking', 'publishing', 'places'] as const
type Part = (typeof parts)[number]

async function measure({ quick, begin }: Asked<Part>): Promise<readonly Row[]> {
  const size = sizes[quick ? 'quick' : 'whole']
  const { specs, rounds, manyRounds, forks } = size
  const peers = quick ? null : await buildPeers(say)
  const programs = await buildPrograms(
    ['rounds-once', 'checking-once', 'write-files-once'].map((name) => join(import.meta.dirname, `${name}.ts`)),
  )
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-'))
  try {
    const { chart, values } = writeTrainingChart(folder, specs)
    const [program, writer] = [programs.path('rounds-once'), programs.path('write-files-once')]
    const rows: Row[] = []
    if (begin('compiling'))
      rows.push(...(await measureInProcess({ specs, rounds, forks, peers, program, chart, values })))
    if (begin('whole')) rows.push(...(await wholeCommands(size, { folder, writer, peers })))
    if (begin('starts'))
      rows.push(...(await measureStart({ folder, rounds: size.starts, peers, chart, values: values[0] ?? '' })))
    if (begin('checking')) {
      const kubeconform = peers?.kubeconform ?? null
      rows.push(await measureChecking({ specs, rounds, program: programs.path('checking-once'), kubeconform }))
    }
    if (begin('publishing')) rows.push(...(await measurePublishing({ files: size.files, rounds: manyRounds })))
    if (begin('places')) rows.push(placesRow(size.mutations))
    return rows
  } finally {
    programs.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Few specs and many, and how the one goes with the other. */
async function wholeCommands(
  { specs, many, rounds, manyRounds }: (typeof sizes)[keyof typeof sizes],
  given: { readonly folder: string; readonly writer: string; readonly peers: Peers | null },
): Promise<readonly Row[]> {
  const schemas = writeKubeconformSchemas(join(given.folder, 'schemas'), vendored)
  const few = await measureWhole({ ...given, specs, rounds, schemas })
  const more = await measureWhole({ ...given, specs: many, rounds: manyRounds, schemas })
  const perSecond = row({
    metric: `specs of ${many} a second`,
    unit: 'specs/s',
    better: 'more',
    ours: more.perSecond,
    peer: { name: `specs of ${specs} a second`, value: few.perSecond },
    goal: 1,
  })
  return [...few.rows, ...more.rows, perSecond]
}

await runBench('compile', parts, measure)
