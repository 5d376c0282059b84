import { execFileSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'redis'
import { queryOnce } from '../../../records/pool.ts'
import { auditPosition, readAudit, writesBy } from '../../cluster/support/audit.ts'
import type { Cluster } from '../../cluster/support/cluster.ts'
import { redisUrl } from '../../support/database.ts'
import { row, type Row } from '../report.ts'
import type { House } from './house.ts'

/*
 * What is written while nothing happens. Counted by those who were written to: PostgreSQL's statistics of the product's database, Redis's counts of
 * commands, the references and objects of both Git repositories, the API server's audit log.
 */

/** Rows that were inserted, updated or deleted. */
async function rowsWritten({ database }: House): Promise<number> {
  // Sessions report what they did a while later, at most a second after it is over.
  const sums = 'coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint as rows from pg_stat_all_tables'
  const [found] = await queryOnce<{ rows: number }>(database.pool, `select ${sums} where schemaname = current_schema()`)
  return found?.rows ?? 0
}

const redisWrites = new Set(['set', 'setex', 'del', 'expire', 'publish', 'hset', 'incr', 'unlink', 'xadd', 'lpush'])

async function redisWritten(): Promise<number> {
  const client = createClient({ url: redisUrl() })
  await client.connect()
  try {
    const told = await client.info('commandstats')
    const counts = [...told.matchAll(/^cmdstat_([a-z|-]+):calls=(\d+)/gm)]
    return counts.reduce((sum, [, name = '', calls]) => sum + (redisWrites.has(name) ? Number(calls) : 0), 0)
  } finally {
    client.destroy()
  }
}

/** The state of a repository: its references, and how many objects there are. */
function gitState({ specs, deploy }: House): string {
  return [specs, deploy]
    .flatMap(({ folder }) => [['for-each-ref'], ['count-objects', '-v']].map((words) => ({ folder, words })))
    .map(({ folder, words }) => execFileSync('git', ['-C', folder, ...words], { encoding: 'utf8' }))
    .join('')
}

interface Written {
  readonly rows: number
  readonly redis: number
  readonly git: string
}

async function written(house: House): Promise<Written> {
  return { rows: await rowsWritten(house), redis: await redisWritten(), git: gitState(house) }
}

/** Waits until nothing was written for so long. */
async function untilSettled(house: House, quietSeconds: number, secondsMax: number): Promise<void> {
  const latest = performance.now() + secondsMax * 1000
  for (let before = await written(house); performance.now() < latest;) {
    await pause(quietSeconds * 1000)
    const now = await written(house)
    if (JSON.stringify(now) === JSON.stringify(before)) return
    before = now
  }
}

export async function measureIdle(
  cluster: Cluster,
  house: House,
  size: { readonly idleSeconds: number; readonly settleSecondsMax: number },
  say: (line: string) => void,
): Promise<readonly Row[]> {
  await untilSettled(house, Math.min(35, size.idleSeconds), size.settleSecondsMax)
  const before = await written(house)
  const from = auditPosition(cluster)
  await pause(size.idleSeconds * 1000)
  const after = await written(house)
  const requests = writesBy(readAudit(cluster, from), house.identity.user)
  const isLease = (one: (typeof requests)[number]): boolean => one.objectRef?.resource === 'leases'
  const others = requests.filter((one) => !isLease(one))
  for (const { verb, objectRef } of others.slice(0, 10))
    say(`  written: ${verb} ${objectRef?.resource} ${objectRef?.name}`)
  say(`  beside these: ${requests.length - others.length} renewals of the Lease`)
  const minutes = size.idleSeconds / 60
  const time = minutes >= 1 ? `${minutes} idle minutes` : `${size.idleSeconds} idle seconds`
  const counts = {
    'rows of PostgreSQL': after.rows - before.rows,
    'commands to Redis that write': after.redis - before.redis,
    'Git repositories that changed': after.git === before.git ? 0 : 1,
    'requests to the API server that write, but for the Lease': others.length,
  }
  return Object.entries(counts).map(([what, ours]) =>
    row({ metric: `${what}, in ${time}`, unit: 'writes', better: 'less', ours, bound: 0 }),
  )
}
