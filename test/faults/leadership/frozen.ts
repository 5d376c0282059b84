import { setTimeout as pause } from 'node:timers/promises'
import { leadershipRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import { migrate } from '../../../records/migrate.ts'
import { openRecords } from '../../../records/open.ts'
import { queryOnce } from '../../../records/pool.ts'
import { until } from '../../cluster/base/wait.ts'
import { makeNamespace, removeNamespace } from '../../cluster/support/cluster.ts'
import { makeIdentity } from '../../cluster/support/identities.ts'
import { createServerDatabase } from '../../support/database.ts'
import { addRun } from '../../support/records.ts'
import { type ClusterStage, createFindings, type Outcome } from '../promise.ts'
import { createRandom } from '../random.ts'
import { askWitness, placeWitness } from './witness.ts'
import { startWriter, type Writer } from './writers.ts'

/*
 * P8: leaders by a Lease of the real API server, frozen past it again and again, each writing through the fence of the real PostgreSQL. A second
 * instead of fifteen, since the Lease counts in whole seconds.
 */

const times = { lease: 1000, renew: 700, retry: 150 }
/** A leader that is frozen inside a transaction keeps the others waiting until the database ends its session, 10 s later. */
const takeoverSecondsMax = 60
const writersMany = 3

export async function freezeLeaders(stage: ClusterStage): Promise<Outcome> {
  const { cluster, seed, count, isOver, say } = stage
  const namespace = await makeNamespace(cluster, 'frozen')
  const database = await createServerDatabase()
  const writers: Writer[] = []
  try {
    await migrate(database.pool, 'up')
    const { id: runId } = await addRun({ pool: database.pool, records: openRecords(database.pool) })
    await placeWitness(database.pool)
    const { kubeconfig } = await makeIdentity(cluster, namespace, 'reconciler', leadershipRules)
    const lease = { namespace, name: 'reconciler' }
    for (let number = 1; number <= writersMany; number += 1)
      writers.push(
        startWriter({ database: database.url, kubeconfig, lease, identity: `writer-${number}`, runId, times }),
      )
    const tally = { frozen: 0, 'in a transaction': 0, 'stale tries': 0, 'stale tries refused': 0 }
    const random = createRandom(seed, 'frozen')
    while (tally.frozen < count && !isOver()) {
      await freezeOnce(writers, random.between(0, 250), tally, async () => {
        const silent = `select 1 from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`
        return (await queryOnce(database.pool, silent)).length > 0
      })
      if (tally.frozen % 10 === 0) say(`${tally.frozen} of ${count} leaders frozen`)
    }
    return verdict(tally, await askWitness(database.pool), writers)
  } finally {
    await Promise.all(writers.map((one) => one.stop()))
    await database.close()
    await removeNamespace(cluster, namespace)
  }
}

type Tally = Record<'frozen' | 'in a transaction' | 'stale tries' | 'stale tries refused', number>

/** Freezes whoever leads, until another one has written; thaws it, and waits until it knows. */
async function freezeOnce(
  writers: readonly Writer[],
  delayMilliseconds: number,
  tally: Tally,
  isSilent: () => Promise<boolean>,
): Promise<void> {
  const told = (cause: unknown): never => {
    throw new Error(`${String(cause)}\n${writers.map((one) => one.said()).join('\n')}`, { cause })
  }
  const patience = { seconds: takeoverSecondsMax, everyMilliseconds: 10 }
  await until('a leader to write', () => leaderOf(writers), patience).catch(told)
  await pause(delayMilliseconds)
  const leader = leaderOf(writers)
  const token = leader?.term()
  if (!leader || token === undefined) return
  leader.signal('SIGSTOP')
  try {
    const next = () => writers.find((one) => one !== leader && (one.term() ?? 0) > token && hasWritten(one))
    await pause(20)
    if (await isSilent()) tally['in a transaction'] += 1
    await until('another one to lead and write', next, patience).catch(told)
  } finally {
    leader.signal('SIGCONT')
  }
  await until('the thawed one to know', () => leader.term() !== token, patience).catch(told)
  const outcome = leader.refused.get(token)
  tally.frozen += 1
  tally['stale tries'] += outcome?.tries ?? 0
  tally['stale tries refused'] += outcome?.refusals ?? 0
}

const hasWritten = (one: Writer): boolean => one.written.has(one.term() ?? -1)

function leaderOf(writers: readonly Writer[]): Writer | undefined {
  const ended = writers.find((one) => one.hasEnded())
  if (ended) throw new Error(`a writer has ended: ${ended.said()}`)
  const leading = writers.filter((one) => one.term() !== undefined && hasWritten(one))
  return leading.sort((left, right) => (right.term() ?? 0) - (left.term() ?? 0))[0]
}

function verdict(tally: Tally, witnessed: Awaited<ReturnType<typeof askWitness>>, writers: readonly Writer[]): Outcome {
  const findings = createFindings()
  for (const { kind, token, id } of witnessed.late)
    findings.expect(false, () => `row ${id} of the witness: ${kind} accepted with the old token ${token}`)
  const { 'stale tries': tries, 'stale tries refused': refused } = tally
  findings.expect(tries === refused, () => `of ${tries} tries with an old token ${refused} were refused`)
  // A check in which nobody tries proves nothing: most of those who thaw must have tried.
  findings.expect(tries >= tally.frozen, () => `${tally.frozen} were frozen, and only ${tries} tries made after it`)
  const failed = writers.flatMap((one) => [...one.failures.values()]).reduce((sum, one) => sum + one, 0)
  return {
    counts: { ...tally, terms: witnessed.issued, 'writes accepted': witnessed.writes, 'other failures': failed },
    violations: findings.all(),
  }
}
