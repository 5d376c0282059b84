import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { isFault } from '../../../domain/fault.ts'
import { openDatabase } from '../../../records/database.ts'
import { openRecords } from '../../../records/open.ts'
import type { Records } from '../../../records/records.ts'
import { leadInTurns } from '../../../reconciler/sources/kubernetes/leadership.ts'
import { heartbeat, leaseAction, readRun } from '../../support/records.ts'

/*
 * One of several reconcilers, as far as leadership goes: waits for the Lease, takes the fence, and writes in every way until its term ends. Each
 * write names the token that it was made with. Tells its parent in lines of JSON what it does.
 */

export interface WriterOptions {
  readonly database: string
  readonly kubeconfig: string
  readonly lease: { readonly namespace: string; readonly name: string }
  readonly identity: string
  readonly runId: string
  readonly times: { readonly lease: number; readonly renew: number; readonly retry: number }
}

/** What it tells. `refused`: how many of its tries after the first refusal were refused too, of how many. */
export type Said =
  | { readonly event: 'ready' }
  | { readonly event: 'leads' | 'wrote' | 'over'; readonly token: number }
  | { readonly event: 'refused'; readonly token: number; readonly tries: number; readonly refusals: number }
  | { readonly event: 'failed'; readonly code: string }

const options = JSON.parse(process.argv[2] ?? '') as WriterOptions
const say = (said: Said): void => void writeSync(1, `${JSON.stringify(said)}\n`)
const pool = await openDatabase(options.database)
const open = openRecords(pool)
let sequence = 0

/** Every way in which a reconciler writes, each with its token in what it writes. */
const writes: readonly ((records: Records, token: number) => Promise<unknown>)[] = [
  async (records, token) => {
    const run = await readRun(open, options.runId)
    return records.runs.apply({ next: { ...run, reason: `Token${token}` }, events: [], actions: [] })
  },
  async (records, token) => {
    const run = await readRun(open, options.runId)
    return records.actions.add([leaseAction(run, { attempt: ++sequence, jobUid: `Token${token}` })])
  },
  (records, token) =>
    records.callbacks.store([
      heartbeat(options.runId, { podUid: `Token${token}`, sequence: ++sequence, step: sequence }),
    ]),
]

async function lead(ended: AbortSignal): Promise<void> {
  const token = await open.fence.take(options.identity)
  const records = open.fenced(token)
  say({ event: 'leads', token })
  try {
    for (let turn = 0; !ended.aborted; turn += 1) {
      const outcome = await tryOnce(records, token, turn)
      if (outcome === 'FENCE_LOST') return await insist(records, token)
      if (outcome === 'written' && turn < writes.length) say({ event: 'wrote', token })
      await pause(25)
    }
  } finally {
    say({ event: 'over', token })
  }
}

/** A reconciler ends its term at the first refusal. This one goes on, to see that no other way is open. */
async function insist(records: Records, token: number): Promise<void> {
  let refusals = 0
  for (let turn = 0; turn < writes.length; turn += 1)
    if ((await tryOnce(records, token, turn)) === 'FENCE_LOST') refusals += 1
  say({ event: 'refused', token, tries: writes.length, refusals })
}

async function tryOnce(records: Records, token: number, turn: number): Promise<string> {
  try {
    await writes[turn % writes.length]?.(records, token)
    return 'written'
  } catch (error) {
    if (!isFault(error)) throw error
    if (error.code !== 'FENCE_LOST') say({ event: 'failed', code: error.code })
    return error.code
  }
}

const { kubeconfig, lease, identity, times } = options
const log = (): void => {}
say({ event: 'ready' })
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
await leadInTurns({ kubeconfig, context: null, lease, identity, times, log }, lead, stop.signal)
await pool.end()
process.exit(0)
