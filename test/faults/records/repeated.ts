import { openDatabase } from '../../../records/database.ts'
import { migrate } from '../../../records/migrate.ts'
import { openRecords } from '../../../records/open.ts'
import { type PoolLike, queryOnce } from '../../../records/pool.ts'
import type { CallbackMessage, Records } from '../../../records/records.ts'
import { createServerDatabase } from '../../support/database.ts'
import { done, heartbeat, sampleEvent, samplePlan, sampleRun, trainerEvent } from '../../support/records.ts'
import { createFindings, type Findings, type Outcome, type Stage } from '../promise.ts'
import { createRandom, type Random } from '../random.ts'

/*
 * P2: the messages of a training, each sent one to five times, in any order, by four clients at once: the records are what they are when each
 * comes once and in order, and each message is new to one client alone.
 */

const clients = 4
/** Trainings whose messages are mixed with each other. */
const together = 8
/** Such mixtures at once: the messages of one wait for each other, since they lock the same runs. */
const mixturesAtOnce = 6
/** So many trainings are done before all is removed, so that a long run is as quick in the end as it began. */
const removedAfter = 960
const batchMost = 60

/** One training of whose messages come in disorder, and another that says the same in order. */
interface Pair {
  readonly disordered: string
  readonly ordered: string
  messages(runId: string): readonly CallbackMessage[]
}

interface House {
  readonly pool: PoolLike
  readonly records: Records
  /** Of each client. */
  readonly clients: readonly Records[]
  readonly findings: Findings
}

export async function repeatMessages({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const database = await createServerDatabase()
  const pools = await Promise.all(Array.from({ length: clients }, () => openDatabase(database.url)))
  try {
    const { pool } = database
    await migrate(pool, 'up')
    const findings = createFindings()
    const house: House = { pool, records: openRecords(pool), clients: pools.map((one) => openRecords(one)), findings }
    const tally = { sequences: 0, messages: 0, 'times sent': 0 }
    let begun = 0
    while (begun < count && !isOver()) {
      const last = Math.min(count, begun + removedAfter)
      const lane = async (): Promise<void> => {
        while (begun < last && !isOver()) {
          const random = createRandom(seed, `repeated ${begun}`)
          const many = Math.min(together, last - begun)
          begun += many
          const { messages, sent } = await repeatMixture(house, many, random)
          tally.sequences += many
          tally.messages += messages
          tally['times sent'] += sent
        }
      }
      await Promise.all(Array.from({ length: mixturesAtOnce }, lane))
      await queryOnce(pool, 'truncate training_jobs cascade')
      say(`${tally.sequences} of ${count} sequences`)
    }
    return { counts: tally, violations: findings.all() }
  } finally {
    for (const pool of pools) await pool.end()
    await database.close()
  }
}

/** The messages of so many trainings in one disorder. @returns how many messages there were, and how often they were sent */
async function repeatMixture(
  house: House,
  many: number,
  random: Random,
): Promise<{ readonly messages: number; readonly sent: number }> {
  const pairs = await newPairs(house.records, many, random)
  const ordered = pairs.flatMap((pair) => pair.messages(pair.ordered))
  await house.records.callbacks.store(ordered)
  const sent = pairs.flatMap(({ disordered, messages }) =>
    messages(disordered).flatMap((one) => Array.from({ length: random.between(1, 5) }, () => one)),
  )
  const outcomes = await sendAll(house.clients, random.shuffled(sent), random)
  expectOnceNew(outcomes, house.findings)
  await expectSame(house, pairs)
  return { messages: ordered.length, sent: sent.length }
}

async function newPairs(records: Records, many: number, random: Random): Promise<readonly Pair[]> {
  const runs = Array.from({ length: 2 * many }, () => sampleRun({ state: 'RUNNING' }))
  await records.runs.createAll(runs.map((run) => ({ run, plan: samplePlan(run), event: sampleEvent })))
  return Array.from({ length: many }, (_, index) => {
    const [disordered, ordered] = [runs[2 * index]?.id ?? '', runs[2 * index + 1]?.id ?? '']
    return { disordered, ordered, messages: messagesBy(random) }
  })
}

function messagesBy(random: Random): Pair['messages'] {
  const kinds = Array.from({ length: random.between(3, 15) }, () => random.pick(['heartbeat', 'event', 'checkpoint']))
  const endsWell = random.chance(0.7)
  return (runId) => [
    ...kinds.map((kind, index) => {
      const own = { sequence: index + 1, step: (index + 1) * 10 }
      if (kind === 'heartbeat') return heartbeat(runId, { ...own, loss: 1 / (index + 1) })
      if (kind === 'event') return trainerEvent(runId, { ...own, type: 'log', message: `line ${index}` })
      return trainerEvent(runId, { ...own, type: 'checkpoint', uri: `storage/${index}` })
    }),
    ...(endsWell ? [done(runId, { sequence: 1, metrics: { test_perplexity: 4 } })] : []),
  ]
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

async function expectSame(house: House, pairs: readonly Pair[]): Promise<void> {
  const facts = await factsOf(
    house,
    pairs.flatMap(({ disordered, ordered }) => [disordered, ordered]),
  )
  for (const { disordered, ordered } of pairs) {
    const [ours, theirs] = [facts(disordered), facts(ordered)]
    house.findings.expect(ours === theirs, () => `in disorder there is ${ours}, in order ${theirs}`)
  }
}

/** Everything that is remembered of trainings but for what differs between two that say the same: ids, and when a row came. */
async function factsOf({ pool, records }: House, ids: readonly string[]): Promise<(runId: string) => string> {
  const rows = async (statement: string) => {
    const byRun = new Map<string, object[]>()
    for (const { id, ...row } of await queryOnce<{ id: string }>(pool, statement, [ids]))
      byRun.set(id, [...(byRun.get(id) ?? []), row])
    return byRun
  }
  const [runs, said, callbacks, metrics, events] = await Promise.all([
    records.runs.getMany(ids),
    records.callbacks.saidOf(ids),
    rows(`select job_id as id, kind, sequence, body_hash, body from callbacks where job_id = any($1::uuid[])
      order by kind, sequence`),
    rows(`select workflow_id as id, attempt, step, train_loss from metrics where workflow_id = any($1::uuid[])
      order by step, train_loss`),
    rows(`select job_id as id, type, message, step, details from training_job_events
      where job_id = any($1::uuid[]) and source = 'trainer' order by type, step, message, details::text`),
  ])
  return (runId) => {
    const run = runs.find((one) => one.id === runId)
    const of = (found: ReadonlyMap<string, unknown>): unknown => found.get(runId) ?? []
    return JSON.stringify({
      ...{ progress: run?.progress, state: run?.state, said: of(said) },
      ...{ callbacks: of(callbacks), metrics: of(metrics), events: of(events) },
    })
  }
}
