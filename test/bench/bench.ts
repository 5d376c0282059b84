import { measureCallbacks } from './callbacks.ts'
import { measureCompiling } from './compiling.ts'
import { measureCommands } from './commands.ts'
import { buildPeers } from './compile/peers.ts'
import { report, type Row, tableOf } from './report.ts'

/*
 * npm run bench              a table
 * npm run bench -- --json    one JSON document on standard output
 * npm run bench -- --quick   small sizes, to see that it works; its figures say little
 */

const flags = process.argv.slice(2)
const unknown = flags.filter((flag) => flag !== '--json' && flag !== '--quick')
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(' ')}; there are --json and --quick\n`)
  process.exit(2)
}
const quick = flags.includes('--quick')
const size = quick
  ? { specs: 20, rounds: 1, forks: 2, callbacks: 200 }
  : { specs: 1000, rounds: 5, forks: 20, callbacks: 10_000 }

const say = (line: string): void => void process.stderr.write(`${line}\n`)
const rows: Row[] = []
say('compiling …')
const peers = quick ? null : await buildPeers(say)
const helm = process.env['HELM'] ?? peers?.helm ?? null
rows.push(...(await measureCompiling({ ...size, helm, peers })))
say('whole commands …')
rows.push(...measureCommands({ ...size, helm }))
for (const database of ['pglite', 'postgres'] as const) {
  say(`callbacks into ${database} …`)
  rows.push(await measureCallbacks({ ...size, database }))
}
const measured = report('bench', rows)
process.stdout.write(flags.includes('--json') ? `${JSON.stringify(measured, null, 2)}\n` : tableOf(measured))
