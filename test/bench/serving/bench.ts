import { join } from 'node:path'
import { buildPrograms } from '../cluster/programs.ts'
import { buildPeers } from '../compile/peers.ts'
import { report, type Row, tableOf } from '../report.ts'
import { measureRendering } from './rendering.ts'

/*
 * npm run bench:serving                      a table; some minutes
 * npm run bench:serving -- --json            one JSON document on standard output
 * npm run bench:serving -- --quick           small sizes and no peer that has to be built, to see that it works
 * npm run bench:serving -- --only=rendering  some of: rendering
 */

const sizes = {
  whole: { rendering: { endpoints: 1000, rounds: 5, forks: 20 } },
  quick: { rendering: { endpoints: 8, rounds: 1, forks: 1 } },
} as const
const parts = ['rendering'] as const
type Part = (typeof parts)[number]

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(flags: readonly string[]): Promise<void> {
  const only = flags.find((flag) => flag.startsWith('--only='))?.slice('--only='.length)
  const wanted = (only?.split(',') ?? parts) as readonly Part[]
  const unknown = [
    ...flags.filter((flag) => !['--json', '--quick'].includes(flag) && !flag.startsWith('--only=')),
    ...wanted.filter((part) => !parts.includes(part)),
  ]
  if (unknown.length > 0) {
    say(`unknown: ${unknown.join(' ')}; there are --json, --quick and --only=${parts.join(',')}`)
    process.exit(2)
  }
  const quick = flags.includes('--quick')
  const measured = report('serving', await measure(sizes[quick ? 'quick' : 'whole'], quick, wanted))
  process.stdout.write(flags.includes('--json') ? `${JSON.stringify(measured, null, 2)}\n` : tableOf(measured))
}

async function measure(
  size: (typeof sizes)[keyof typeof sizes],
  quick: boolean,
  wanted: readonly Part[],
): Promise<readonly Row[]> {
  const rows: Row[] = []
  if (wanted.includes('rendering')) {
    const peers = quick ? null : await buildPeers(say)
    const programs = await buildPrograms([join(import.meta.dirname, 'endpoints-once.ts')])
    try {
      say('values and Applications …')
      rows.push(...(await measureRendering({ ...size.rendering, peers, program: programs.path('endpoints-once') })))
    } finally {
      programs.remove()
    }
  }
  return rows
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
await main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message).slice(0, 4000) : String(error))
    process.exit(3)
  },
)
