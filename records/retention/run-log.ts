import { sql } from 'kysely'
import type { Database } from '../kysely.ts'
import type { Writing } from '../writing.ts'
import { daysBefore } from './aged.ts'
import { retentionLimits, retentionPace } from './limits.ts'

/** What is removed of runs' logs. */
export interface RemovedOfRuns {
  readonly callbacks: number
  readonly metrics: number
  readonly events: number
  readonly runs: number
}

/** Reduces the logs of runs that ended long ago to what is kept for good; each run once, each in a transaction of its own. */
export async function condenseEnded(db: Database, writing: Writing, now: Date): Promise<RemovedOfRuns> {
  const ended = await db
    .selectFrom('training_jobs')
    .select('id')
    .where('condensed_at', 'is', null)
    .where('completed_at', '<', daysBefore(now, retentionLimits.condensedAfterDays))
    .where('status', 'in', ['SUCCEEDED', 'FAILED', 'CANCELLED'])
    .orderBy('completed_at')
    .limit(retentionPace.runsMax)
    .execute()
  return overRuns(ended, (id) =>
    writing.transaction(async (transaction) => {
      const metrics = await thinMetrics(transaction, id, retentionLimits.metricsOfAttempt.condensedTo, 0)
      const events = await removeEvents(transaction, id, retentionLimits.trainerEventsOfRun.condensed)
      const callbacks = await removeDones(transaction, id)
      // No part of the record's version: nobody decides anything by it.
      await sql`update training_jobs set condensed_at = ${now} where id = ${id}::uuid`.execute(transaction)
      return { callbacks, metrics, events }
    }),
  )
}

/** Reduces the logs of runs that are not condensed yet and have grown beyond what one run may hold. */
export async function thinOpen(db: Database, writing: Writing): Promise<RemovedOfRuns> {
  const { metricsOfAttempt, trainerEventsOfRun, reconcilerEventsOfRun } = retentionLimits
  // Sequences count a pod's heartbeats from 0, so their sum is never below the number of an attempt's metrics: few runs are counted for good,
  // and those of trainers whose sequences are times, which speak every five seconds at most.
  const { rows: grown } = await sql<{ id: string }>`
    select id from training_jobs job where condensed_at is null and (
      exists (select from training_job_heartbeats heartbeat where heartbeat.job_id = job.id
        group by attempt having sum(sequence + 1) > ${metricsOfAttempt.whileOpen}
          and (select count(*) from metrics where workflow_id = job.id and attempt = heartbeat.attempt)
            > ${metricsOfAttempt.whileOpen})
      or exists (select from training_job_events where job_id = job.id and source = 'trainer' and type <> 'checkpoint'
        offset ${trainerEventsOfRun.whileOpen} limit 1)
      or exists (select from training_job_events where job_id = job.id and source = 'reconciler'
        offset ${reconcilerEventsOfRun} limit 1)
      or exists (select from training_job_events where job_id = job.id and source = 'trainer' and type = 'checkpoint'
        group by attempt having count(*) > ${retentionLimits.checkpointsOfAttempt}))
    order by id limit ${retentionPace.runsMax}`.execute(db)
  return overRuns(grown, (id) =>
    writing.transaction(async (transaction) => ({
      callbacks: 0,
      metrics: await thinMetrics(transaction, id, metricsOfAttempt.thinnedTo, metricsOfAttempt.whileOpen),
      events: await removeEvents(transaction, id, trainerEventsOfRun.whileOpen),
    })),
  )
}

async function overRuns(
  runs: readonly { readonly id: string }[],
  reduce: (id: string) => Promise<Omit<RemovedOfRuns, 'runs'>>,
): Promise<RemovedOfRuns> {
  let sum: RemovedOfRuns = { callbacks: 0, metrics: 0, events: 0, runs: runs.length }
  for (const { id } of runs) {
    const { callbacks, metrics, events } = await reduce(id)
    sum = { ...sum, callbacks: sum.callbacks + callbacks, metrics: sum.metrics + metrics, events: sum.events + events }
  }
  return sum
}

/**
 * Thins what each attempt's trainer said, and what its tracker had, to at most `kept` points each where there are more than `above`: every n-th from its first on, and its last.
 * Doing it twice is the same as once, as `kept` is never above `above` or `above` is 0.
 */
async function thinMetrics(db: Database, runId: string, kept: number, above: number): Promise<number> {
  const removed = await sql`delete from metrics where id in (
    select id from (
      select id, count(*) over (partition by attempt, source) as total,
        row_number() over (partition by attempt, source order by id) - 1 as place
      from metrics where workflow_id = ${runId}::uuid) as placed
    where total > ${Math.max(kept, above)} and place <> total - 1
      and place % ((total + ${kept} - 2) / (${kept} - 1)) <> 0)`.execute(db)
  return Number(removed.numAffectedRows ?? 0)
}

/** Keeps the newest of the trainer's events and of the reconciler's, and of checkpoints those that are furthest. */
async function removeEvents(db: Database, runId: string, trainerEvents: number): Promise<number> {
  const removed = await sql`delete from training_job_events where id in (
    select id from (
      select id, source, type = 'checkpoint' as is_checkpoint,
        row_number() over (partition by source, type = 'checkpoint' order by id desc) as age,
        row_number() over (partition by source, type = 'checkpoint', attempt order by details ->> 'uri' is null, step desc nulls last, id desc) as behind
      from training_job_events where job_id = ${runId}::uuid) as placed
    where (source = 'reconciler' and age > ${retentionLimits.reconcilerEventsOfRun})
      or (source = 'trainer' and not is_checkpoint and age > ${trainerEvents})
      or (source = 'trainer' and is_checkpoint and behind > ${retentionLimits.checkpointsOfAttempt}))`.execute(db)
  return Number(removed.numAffectedRows ?? 0)
}

/** In the order in which they decide (a success before a failure, then the latest); a run that ended asks no more of them. */
async function removeDones(db: Database, runId: string): Promise<number> {
  const removed = await sql`delete from callbacks where ctid = any(array(
    select row_id from (
      select ctid as row_id, row_number() over (partition by attempt
        order by body ->> 'outcome' = 'SUCCEEDED' desc, received_at desc, sequence desc) as place
      from callbacks where job_id = ${runId}::uuid and kind = 'done') as placed
    where place > ${retentionLimits.donesOfAttempt}))`.execute(db)
  return Number(removed.numAffectedRows ?? 0)
}
