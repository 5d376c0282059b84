import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { listen } from '../../api/listen.ts'
import { createApi } from '../../api/server.ts'
import { createTokens, type Tokens } from '../../api/tokens.ts'
import type { Run } from '../../domain/run.ts'
import { openEmbeddedDatabase } from '../../local/database.ts'
import { memoryLiveState } from '../../local/live.ts'
import { migrate } from '../../records/migrate.ts'
import { openRecords } from '../../records/open.ts'
import type { PoolLike } from '../../records/pool.ts'
import type { Records } from '../../records/records.ts'
import { createServerDatabase } from '../support/database.ts'
import { addRun, heartbeat } from '../support/records.ts'
import type { CallbackRates } from './callbacks.ts'
import type { Load, Loaded } from './load.ts'

/*
 * Measures callbacks into one database: node --import tsx callbacks-once.ts <callbacks> <rounds> <pglite|postgres>
 * The load comes from a thread of its own, over sixty-four connections that stay open, from fifty trainings at once.
 */

const runsAtOnce = 50
const connections = 64
const now = (): Date => new Date()
/** What callbacks never ask. */
const none = () => Promise.reject(new Error('nobody asks for it'))

async function main(callbacks: number, rounds: number, database: string): Promise<CallbackRates> {
  const opened = database === 'postgres' ? await createServerDatabase() : await embedded()
  const records = openRecords(opened.pool)
  await migrate(opened.pool, 'up')
  const runs: Run[] = []
  for (let index = 0; index < runsAtOnce; index += 1)
    runs.push(await addRun({ pool: opened.pool, records }, { state: 'RUNNING', name: `bench-${index}` }))
  const tokens = createTokens(new Uint8Array(32).fill(7), now)
  const listening = await listen(0)
  const app = await createApi({
    ...{ records, live: memoryLiveState(now), tokens, now, version: '0.0.0', allowedHosts: listening.hosts },
    logs: async (run, attempt) => ({ attempt: attempt ?? run.attempt, source: 'none', lines: [] }),
    serverLogs: async () => ({ source: 'none', pods: [] }),
    submitJob: async () => ({ kind: 'problems', problems: [] }),
    raiseRerun: async (run) => ({ path: run.specPath, commit: null, pullRequest: null, runId: run.id }),
    skipBackoff: async () => {},
    operate: async () => [],
    endpoints: async () => [],
    proposals: async () => [],
    lifecycle: { planDeploy: none },
    models: { register: none, attach: none, deploy: none, promote: none },
    changed: () => {},
    log: () => {},
  })
  await listening.serve(app)
  const bare = await bareServer()
  const trainers = await Promise.all(runs.map((run) => trainerOf(run, tokens)))
  const rates = { ours: [] as number[], direct: [] as number[], bare: [] as number[] }
  // One round that does not count: everything is compiled and every plan made.
  for (let round = 0; round <= rounds; round += 1) {
    const load = (url: string, firstSequence: number): Load => ({
      url,
      trainers,
      callbacks,
      connections,
      firstSequence,
    })
    const ours = await rateOf(load(listening.url, round * callbacks))
    const limit = await rateOf(load(bare.url, round * callbacks))
    const direct = await directRate(records, runs, Math.min(callbacks, 500), 1_000_000 + round * callbacks)
    if (round === 0) continue
    rates.ours.push(ours)
    rates.bare.push(limit)
    rates.direct.push(direct)
  }
  bare.close()
  await listening.close()
  await app.close()
  await opened.close()
  return rates
}

async function embedded(): Promise<{ readonly pool: PoolLike; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-bench-'))
  const database = await openEmbeddedDatabase(join(folder, 'database'))
  return {
    pool: database.pool,
    close: async () => {
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function trainerOf(run: Run, tokens: Tokens): Promise<Load['trainers'][number]> {
  return { runId: run.id, token: (await tokens.mint({ runId: run.id, attempt: 1 })).token }
}

async function rateOf(load: Load): Promise<number> {
  const worker = new Worker(new URL('./load-thread.mjs', import.meta.url), { workerData: load })
  const [loaded] = (await once(worker, 'message')) as [Loaded]
  await worker.terminate()
  if (loaded.refused > 0) throw new Error(`${loaded.refused} callbacks were refused, the first with ${loaded.first}`)
  return load.callbacks / loaded.seconds
}

/** What a trainer's message costs the database alone when each is stored by itself. */
async function directRate(records: Records, runs: readonly Run[], messages: number, first: number): Promise<number> {
  const began = performance.now()
  for (let index = 0; index < messages; index += 1) {
    const runId = runs[index % runs.length]?.id ?? ''
    await records.callbacks.store([heartbeat(runId, { podUid: 'pod-2', sequence: first + index })])
  }
  return messages / ((performance.now() - began) / 1000)
}

async function bareServer(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    request.on('end', () => {
      JSON.parse(text)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"accepted":true}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() }
}

const [callbacks = '', rounds = '', database = ''] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await main(Number(callbacks), Number(rounds), database))}\n`)
process.exit(0)
