import { attach, type Cluster } from '../cluster/support/cluster.ts'
import { startBed } from '../cluster/cluster.ts'
import { checks } from './promises.ts'
import type { Check, Stage } from './promise.ts'
import { isKept, type Result, tableOf } from './report.ts'

/*
 * npm run faults                                        every promise at the scale of CI
 * npm run faults -- --scale full --only P1,P8 --seed 7  two of them at their full counts, with the faults of another seed
 * npm run faults -- --json                              one JSON document on standard output
 *
 * Exit code: 0 kept, 1 broken or not checked to the end, 2 wrong use.
 */

interface Wishes {
  readonly seed: number
  readonly scale: 'ci' | 'full'
  readonly only: readonly string[]
  readonly json: boolean
  /** Instead of the scale's. */
  readonly count: number | undefined
  /** For each promise; what was not done by then is left out, and the counts say so. */
  readonly minutes: number | undefined
}

const usage = 'npm run faults -- [--seed N] [--scale full|ci] [--only P1,P8] [--count N] [--minutes M] [--json]'

function readWishes(words: readonly string[]): Wishes | string {
  const given = new Map<string, string>()
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name = '', value] = word.split('=', 2)
    if (!['--seed', '--scale', '--only', '--count', '--minutes', '--json'].includes(name)) return `unknown: ${word}`
    given.set(name, value ?? (name === '--json' ? '' : (rest.shift() ?? '')))
  }
  const whole = (name: string): number | undefined => {
    const text = given.get(name)
    return text === undefined ? undefined : /^\d+$/.test(text) ? Number(text) : NaN
  }
  const [seed, count, minutes] = [whole('--seed') ?? 1, whole('--count'), whole('--minutes')]
  const scale = given.get('--scale') ?? 'ci'
  if ([seed, count, minutes].some((one) => Number.isNaN(one))) return '--seed, --count and --minutes are whole numbers'
  if (scale !== 'ci' && scale !== 'full') return '--scale is full or ci'
  const ids = checks.map(({ id }) => id)
  const only = given.get('--only')?.split(',').filter(Boolean) ?? ids
  const unknown = only.filter((id) => !ids.includes(id))
  if (unknown.length > 0) return `${unknown.join(', ')} is not among ${ids.join(', ')}`
  return { seed, scale, only, count, minutes, json: given.has('--json') }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(): Promise<number> {
  const wishes = readWishes(process.argv.slice(2))
  if (typeof wishes === 'string') {
    say(`${wishes}\n${usage}`)
    return 2
  }
  const wanted = checks.filter(({ id }) => wishes.only.includes(id))
  const bed = wanted.some(({ needs }) => needs === 'cluster') ? await openBed() : undefined
  const results: Result[] = []
  try {
    for (const check of wanted) results.push(await runCheck(check, wishes, bed?.cluster))
  } finally {
    await bed?.close()
  }
  process.stdout.write(wishes.json ? `${JSON.stringify({ ...wishes, results }, null, 2)}\n` : tableOf(results))
  return results.every(isKept) ? 0 : 1
}

async function runCheck(check: Check, wishes: Wishes, cluster: Cluster | undefined): Promise<Result> {
  const { id, promise, unit } = check
  const count = wishes.count ?? check[wishes.scale]
  say(`${id}: ${promise}; ${count} ${unit}, seed ${wishes.seed}`)
  const began = performance.now()
  const latest = wishes.minutes === undefined ? Infinity : began + wishes.minutes * 60_000
  const isOver = (): boolean => performance.now() > latest
  const stage: Stage = { seed: wishes.seed, count, isOver, say: (line) => say(`${id}: ${line}`) }
  const about = { id, promise, seed: wishes.seed }
  try {
    const outcome =
      check.needs === 'cluster' ? await check.run({ ...stage, cluster: demand(cluster) }) : await check.run(stage)
    return { ...about, ...outcome, failure: null, seconds: (performance.now() - began) / 1000 }
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { ...about, counts: {}, violations: [], failure, seconds: (performance.now() - began) / 1000 }
  }
}

/** A control plane alone, or the bed that SPECYARD_CLUSTER names. */
async function openBed(): Promise<{ readonly cluster: Cluster; close(): Promise<void> }> {
  const running = process.env['SPECYARD_CLUSTER']
  if (running) return { cluster: attach(running), close: async () => {} }
  const { bed, stop } = await startBed({ say: (line) => say(`cluster: ${line}`), parts: [] })
  return { cluster: attach(bed.folder), close: stop }
}

function demand(cluster: Cluster | undefined): Cluster {
  if (cluster === undefined) throw new Error('no cluster was started')
  return cluster
}

process.exitCode = await main()
