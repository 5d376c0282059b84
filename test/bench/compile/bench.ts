import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureChecking } from '../checking.ts'
import { buildPrograms } from '../cluster/programs.ts'
import { measurePublishing } from '../publishing.ts'
import { report, type Row, row, tableOf } from '../report.ts'
import { measureInProcess } from './in-process.ts'
import { buildPeers, type Peers, writeTrainingChart } from './peers.ts'
import { placesRow } from './places.ts'
import { writeKubeconformSchemas } from './schemas.ts'
import { measureStart } from './start.ts'
import { measureWhole } from './whole.ts'

/*
 * npm run bench:compile              a table
 * npm run bench:compile -- --json    one JSON document on standard output
 * npm run bench:compile -- --quick   small sizes and no peer that has to be built, to see that it works; its figures say little
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
const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(flags: readonly string[]): Promise<void> {
  const unknown = flags.filter((flag) => flag !== '--json' && flag !== '--quick')
  if (unknown.length > 0) {
    say(`unknown: ${unknown.join(' ')}; there are --json and --quick`)
    process.exit(2)
  }
  const quick = flags.includes('--quick')
  const peers = quick ? null : await buildPeers(say)
  const measured = report('compile', await measure(sizes[quick ? 'quick' : 'whole'], peers))
  process.stdout.write(flags.includes('--json') ? `${JSON.stringify(measured, null, 2)}\n` : tableOf(measured))
}

async function measure(size: (typeof sizes)[keyof typeof sizes], peers: Peers | null): Promise<readonly Row[]> {
  const { specs, many, rounds, manyRounds, forks } = size
  const programs = await buildPrograms(
    ['rounds-once', 'write-files-once'].map((name) => join(import.meta.dirname, `${name}.ts`)),
  )
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-'))
  try {
    const { chart, values } = writeTrainingChart(folder, specs)
    const [program, writer] = [programs.path('rounds-once'), programs.path('write-files-once')]
    say('in process …')
    const rows: Row[] = [...(await measureInProcess({ specs, rounds, forks, peers, program, chart, values }))]
    const schemas = writeKubeconformSchemas(join(folder, 'schemas'), vendored)
    const whole = (count: number, times: number) =>
      measureWhole({ folder, specs: count, rounds: times, writer, peers, schemas })
    say(`whole commands, ${specs} specs …`)
    const few = await whole(specs, rounds)
    rows.push(...few.rows)
    say(`whole commands, ${many} specs …`)
    const more = await whole(many, manyRounds)
    rows.push(...more.rows)
    rows.push(
      row({
        metric: `specs of ${many} a second`,
        unit: 'specs/s',
        better: 'more',
        ours: more.perSecond,
        peer: { name: `specs of ${specs} a second`, value: few.perSecond },
        goal: 1,
      }),
    )
    say('starts …')
    rows.push(...(await measureStart({ folder, rounds: size.starts, peers, chart, values: values[0] ?? '' })))
    say('checking manifests …')
    rows.push(measureChecking({ specs, rounds, kubeconform: peers?.kubeconform ?? null }))
    say('publishing …')
    rows.push(...(await measurePublishing({ files: size.files, rounds: manyRounds })))
    say('places …')
    rows.push(placesRow(size.mutations))
    return rows
  } finally {
    programs.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
await main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message).slice(0, 4000) : String(error))
    process.exit(3)
  },
)
