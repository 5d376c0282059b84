import { type PoolLike, queryOnce } from '../../../records/pool.ts'
import type { Findings } from '../promise.ts'
import { kinds, type Load } from './load.ts'

/** Compares what was acknowledged with what is in the tables. @returns how many rows there are of what trainers said */
export async function expectNothingLost(pool: PoolLike, load: Load, findings: Findings): Promise<Compared> {
  let rows = 0
  let lost = 0
  for (const [podUid, acked] of load.acked) {
    const stored = await queryOnce<{ kind: string; sequence: number }>(
      pool,
      'select kind, sequence from callbacks where pod_uid = $1',
      [podUid],
    )
    rows += stored.length
    const there = new Set(stored.map(({ kind, sequence }) => `${kind} ${sequence}`))
    for (const kind of kinds)
      for (const sequence of acked[kind]) {
        if (there.has(`${kind} ${sequence}`)) continue
        lost += 1
        findings.expect(false, () => `${kind} ${sequence} of ${podUid} was acknowledged and is lost`)
      }
  }
  const [count] = await queryOnce<Record<'heartbeats' | 'metrics' | 'events' | 'told', number>>(
    pool,
    `select (select count(*) from callbacks where kind = 'heartbeat') as heartbeats,
       (select count(*) from metrics where source = 'trainer') as metrics,
       (select count(*) from callbacks where kind = 'event') as events,
       (select count(*) from training_job_events where source = 'trainer' and type = 'epoch_end') as told`,
  )
  // A message is one row with one effect: neither without the other, however often it was sent.
  findings.expect(count?.heartbeats === count?.metrics, () => `of heartbeats there are ${JSON.stringify(count)} rows`)
  findings.expect(count?.events === count?.told, () => `of events there are ${JSON.stringify(count)} rows`)
  return { rows, lost }
}

export interface Compared {
  readonly rows: number
  readonly lost: number
}
