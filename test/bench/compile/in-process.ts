import { join } from 'node:path'
import { median, type Row, row } from '../report.ts'
import { type Peers, renderByForks, renderByLibrary } from './peers.ts'
import { startRounds, warmRounds } from './rounds.ts'

const serving = join(import.meta.dirname, '..', '..', '..', 'charts', 'serving-endpoint')

export interface InProcess {
  readonly specs: number
  readonly rounds: number
  /** Forks of Helm in each round. */
  readonly forks: number
  readonly peers: Peers | null
  /** The built `rounds-once`. */
  readonly program: string
  readonly chart: string
  /** As many as there are specs. */
  readonly values: readonly string[]
}

/** Microseconds for a spec of a compiler that has been running for a while, beside Helm as a fork for each file, Helm's library, and bare JSON. */
export async function measureInProcess(size: InProcess): Promise<readonly Row[]> {
  const { specs, rounds, forks, peers, program, chart, values } = size
  const process = startRounds(program, [String(specs), serving])
  try {
    const told = async (what: 'compile' | 'json'): Promise<number> => ((await process.ask(what)) / specs) * 1e6
    for (let round = 0; round < warmRounds; round += 1) {
      await told('compile')
      await told('json')
    }
    const seen = { ours: [] as number[], json: [] as number[], library: [] as number[], forked: [] as number[] }
    for (let round = 0; round < rounds; round += 1) {
      seen.ours.push(await told('compile'))
      seen.json.push(await told('json'))
      if (peers === null) continue
      seen.library.push((renderByLibrary(peers, chart, values) / specs) * 1e6)
      seen.forked.push((renderByForks(peers.helm, chart, values.slice(0, forks)) / forks) * 1e6)
    }
    const base = { unit: 'µs', better: 'less', ours: median(seen.ours) } as const
    const of = (values: readonly number[]): number | null => (values.length === 0 ? null : median(values))
    const metric = `compile in process, per spec of ${specs}`
    return [
      row({ ...base, metric, peer: { name: 'helm template, a fork each', value: of(seen.forked) }, goal: 500 }),
      row({ ...base, metric, peer: { name: 'Helm’s library, one process', value: of(seen.library) }, goal: 5 }),
      row({ ...base, metric, limit: median(seen.json), goal: 1 / 6 }),
    ]
  } finally {
    process.end()
  }
}
