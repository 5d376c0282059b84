import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { median, type Row, row } from './report.ts'

const root = join(import.meta.dirname, '..', '..')

export interface CallbacksOptions {
  /** Callbacks in each round. */
  readonly callbacks: number
  readonly rounds: number
  readonly database: 'pglite' | 'postgres'
}

/** Callbacks per second of each round. */
export interface CallbackRates {
  readonly ours: readonly number[]
  readonly direct: readonly number[]
  readonly bare: readonly number[]
}

/**
 * Callbacks per second that the API takes over HTTP, verified, stored and answered, in a process of its own. Beside it the same messages
 * given to the same database one statement each without HTTP, and, as the limit, a bare Node server that parses and answers.
 */
export async function measureCallbacks({ callbacks, rounds, database }: CallbacksOptions): Promise<Row> {
  const rates = await ratesOf(callbacks, rounds, database)
  return row({
    metric: `callbacks over HTTP into ${database === 'pglite' ? 'PGlite' : 'PostgreSQL'}`,
    unit: 'callbacks/s',
    better: 'more',
    ours: rates && median(rates.ours),
    peer: {
      name: rates ? 'one transaction per callback, one after the other, no HTTP' : 'no PostgreSQL is installed here',
      value: rates && median(rates.direct),
    },
    limit: rates && median(rates.bare),
  })
}

/** Null where a real server is asked for and none is installed. */
async function ratesOf(
  callbacks: number,
  rounds: number,
  database: CallbacksOptions['database'],
): Promise<CallbackRates | null> {
  const measure = ['--import', 'tsx', join(root, 'test/bench/callbacks-once.ts'), String(callbacks), String(rounds)]
  const services = ['--import', 'tsx', join(root, 'tools/services.ts'), '--', process.execPath]
  const { PATH, HOME, TMPDIR, DATABASE_URL } = process.env
  // A server that is given is used; else one is started for as long as it takes.
  const args = database === 'pglite' || DATABASE_URL ? [...measure, database] : [...services, ...measure, database]
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH, HOME, TMPDIR, DATABASE_URL },
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (code === 0) return JSON.parse(text) as CallbackRates
  // Three is how tools/services.ts says that there is no server to start; any other failure is a failure of the measurement.
  if (database === 'postgres' && code === 3) return null
  throw new Error(`measuring callbacks into ${database} ended with ${code}`)
}
