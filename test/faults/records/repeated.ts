import { openDatabase } from '../../../records/database.ts'
import { migrate } from '../../../records/migrate.ts'
import { openRecords } from '../../../records/open.ts'
import { type PoolLike, queryOnce } from '../../../records/pool.ts'
import type { CallbackMessage, Records } from '../../../records/records.ts'
import { createServerDatabase } from '../../support/database.ts'
import { addRun, done, heartbeat, trainerEvent } from '../../support/records.ts'
import { createFindings, type Findings, type Outcome, type Stage } from '../promise.ts'
import { createRandom, type Random } from '../random.ts'

/*
 * P2: the messages of a training, each sent one to five times, in any order, by four clients at once: the records are what they are when each
 * comes once and in order, and each message is new to one client alone.
 */

const clients = 4
const together = 8
const batchMost = 60

/** One training of whose messages come in disorder, and another that says the same in order. */
interface Pair {
  readonly disordered: string
  readonly ordered: string
  messages(runId: string): readonly CallbackMessage[]
}

export async function repeatMessages({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const database = await createServerDatabase()
  const pools = await Promise.all(Array.from({ length: clients }, () => openDatabase(database.url)))
  try {
    await migrate(database.pool, 'up')
    const records = openRecords(database.pool)
    const houses = pools.map((pool) => openRecords(pool))
    const random = createRandom(seed, 'repeated')
    const findings = createFindings()
    const tally = { sequences: 0, messages: 0, 'times sent': 0 }
    while (tally.sequences < count && !isOver()) {
      const many = Math.min(together, count - tally.sequences)
      const pairs = await Promise.all(Array.from({ length: many }, () => newPair(database.pool, records, random)))
      for (const { ordered, messages } of pairs) await records.callbacks.store(messages(ordered))
      const sent = pairs.flatMap(({ disordered, messages }) =>
        messages(disordered).flatMap((one) => Array.from({ length: random.between(1, 5) }, () => one)),
      )
      const outcomes = await sendAll(houses, random.shuffled(sent), random)
      expectOnceNew(outcomes, findings)
      await Promise.all(pairs.map((pair) => expectSame(database.pool, records, pair, findings)))
      tally.sequences += many
      tally.messages += pairs.reduce((sum, one) => sum + one.messages(one.ordered).length, 0)
      tally['times sent'] += sent.length
      await queryOnce(database.pool, 'truncate training_jobs cascade')
      if (tally.sequences % 1000 === 0) say(`${tally.sequences} of ${count} sequences`)
    }
    return { counts: tally, violations: findings.all() }
  } finally {
    for (const pool of pools) await pool.end()
    await database.close()
  }
}

async function newPair(pool: PoolLike, records: Records, random: Random): Promise<Pair> {
  const add = async (): Promise<string> => (await addRun({ pool, records }, { state: 'RUNNING' })).id
  const kinds = Array.from({ length: random.between(3, 15) }, () => random.pick(['heartbeat', 'event', 'checkpoint']))
  const endsWell = random.chance(0.7)
  const messages = (runId: string): readonly CallbackMessage[] => [
    ...kinds.map((kind, index) => {
      const own = { sequence: index + 1, step: (index + 1) * 10 }
      if (kind === 'heartbeat') return heartbeat(runId, { ...own, loss: 1 / (index + 1) })
      if (kind === 'event') return trainerEvent(runId, { ...own, type: 'log', message: `line ${index}` })
      return trainerEvent(runId, { ...own, type: 'checkpoint', uri: `storage/${index}` })
    }),
    ...(endsWell ? [done(runId, { sequence: 1, metrics: { test_perplexity: 4 } })] : []),
  ]
  return { disordered: await add(), ordered: await add(), messages }
}

interface Told {
  readonly message: CallbackMessage
  readonly outcome: string
}

/** Deals the messages out to the clients, which send them in batches at the same time. */
async function sendAll(
  houses: readonly Records[],
  messages: readonly CallbackMessage[],
  random: Random,
): Promise<readonly Told[]> {
  const hands = houses.map((_, index) => messages.filter((_message, number) => number % houses.length === index))
  const cuts = hands.map((hand) => batchesOf(hand, random))
  const told = await Promise.all(
    cuts.map(async (batches, index) => {
      const own: Told[] = []
      for (const batch of batches) {
        const outcomes = (await houses[index]?.callbacks.store(batch)) ?? []
        batch.forEach((message, number) => own.push({ message, outcome: outcomes[number] ?? 'none' }))
      }
      return own
    }),
  )
  return told.flat()
}

function batchesOf<One>(all: readonly One[], random: Random): readonly (readonly One[])[] {
  const batches: One[][] = []
  for (let from = 0; from < all.length;) {
    const size = random.between(1, batchMost)
    batches.push(all.slice(from, from + size))
    from += size
  }
  return batches
}

/** What is done because of a message is done for the client to whom it was new. */
function expectOnceNew(told: readonly Told[], findings: Findings): void {
  const news = new Map<string, number>()
  for (const { message, outcome } of told) {
    const key = JSON.stringify([message.kind, message.sender])
    const isNew = outcome === 'stored' || outcome === 'stale'
    findings.expect(isNew || outcome === 'repeated', () => `${key} was answered with ${outcome}`)
    news.set(key, (news.get(key) ?? 0) + (isNew ? 1 : 0))
  }
  for (const [key, times] of news) findings.expect(times === 1, () => `${key} was new ${times} times`)
}

async function expectSame(
  pool: PoolLike,
  records: Records,
  { disordered, ordered }: Pair,
  findings: Findings,
): Promise<void> {
  const [ours, theirs] = await Promise.all([factsOf(pool, records, disordered), factsOf(pool, records, ordered)])
  findings.expect(ours === theirs, () => `in disorder there is ${ours}, in order ${theirs}`)
}

/** Everything that is remembered of a training but for what differs between two that say the same: ids, and when a row came. */
async function factsOf(pool: PoolLike, records: Records, runId: string): Promise<string> {
  const rows = async (statement: string) => queryOnce<object>(pool, statement, [runId])
  const [run, said, callbacks, metrics, events] = await Promise.all([
    records.runs.get(runId),
    records.callbacks.said(runId),
    rows('select kind, sequence, body_hash, body from callbacks where job_id = $1 order by kind, sequence'),
    rows('select attempt, step, train_loss from metrics where workflow_id = $1 order by step, train_loss'),
    rows(`select type, message, step, details from training_job_events where job_id = $1 and source = 'trainer'
      order by type, step, message, details::text`),
  ])
  return JSON.stringify({ progress: run?.progress, state: run?.state, said, callbacks, metrics, events })
}
