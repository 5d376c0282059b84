import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Peers, renderByForks, renderByLibrary } from '../compile/peers.ts'
import { startRounds } from '../compile/rounds.ts'
import { median, type Row, row } from '../report.ts'
import { environments } from './corpus.ts'
import { writePeerChart } from './peer-chart.ts'

const serving = join(import.meta.dirname, '..', '..', '..', 'charts', 'serving-endpoint')
const warmRounds = 3

export interface Rendering {
  readonly endpoints: number
  readonly rounds: number
  /** Forks of Helm in each round. */
  readonly forks: number
  readonly peers: Peers | null
  /** The built `endpoints-once`. */
  readonly program: string
}

/**
 * Microseconds for the values and the Application of an endpoint in one environment, specs read and checked, by a compiler that has been running for a
 * while. Beside it Helm rendering such an Application with its values in it: a fork for each, and by its library in one process.
 */
export async function measureRendering(size: Rendering): Promise<readonly Row[]> {
  const { endpoints, rounds, forks, peers, program } = size
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-'))
  const process = startRounds(program, [String(endpoints), serving])
  const pairs = endpoints * environments.length
  try {
    const { chart, values } = writePeerChart(folder, endpoints)
    const told = async (what: 'compile' | 'json'): Promise<number> => ((await process.ask(what)) / pairs) * 1e6
    for (let round = 0; round < warmRounds; round += 1) await told('compile')
    const seen = { ours: [] as number[], json: [] as number[], library: [] as number[], forked: [] as number[] }
    for (let round = 0; round < rounds; round += 1) {
      seen.ours.push(await told('compile'))
      seen.json.push(await told('json'))
      if (peers === null) continue
      seen.library.push((renderByLibrary(peers, chart, values) / pairs) * 1e6)
      seen.forked.push((renderByForks(peers.helm, chart, values.slice(0, forks)) / forks) * 1e6)
    }
    const of = (values: readonly number[]): number | null => (values.length === 0 ? null : median(values))
    const metric = `values and Application of an endpoint, each of ${endpoints} in ${environments.length} environments`
    const base = { metric, unit: 'µs', better: 'less', ours: median(seen.ours), limit: median(seen.json) } as const
    return [
      row({ ...base, peer: { name: 'helm template, a fork each', value: of(seen.forked) } }),
      row({ ...base, peer: { name: 'Helm’s library, one process', value: of(seen.library) } }),
    ]
  } finally {
    process.end()
    rmSync(folder, { recursive: true, force: true })
  }
}
