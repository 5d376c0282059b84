import { describe, expect, it } from 'vitest'
import { openRecords } from '../../../records/open.ts'
import { queryOnce } from '../../../records/pool.ts'
import { retentionLimits, retentionPace } from '../../../records/retention/limits.ts'
import type { Removed } from '../../../records/records.ts'
import {
  addRun,
  changeRun,
  done,
  heartbeat,
  later,
  leaseAction,
  sampleAttempt,
  sampleDate,
  samplePublication,
  type TestRecords,
  trainerEvent,
} from '../../support/records.ts'
import { rowCounts } from './row-counts.ts'

const nothing: Removed = { callbacks: 0, metrics: 0, events: 0, actions: 0, publications: 0, more: false }

function daysLater(days: number): Date {
  return later(days * 24 * 3600)
}

/** Adds metrics with steps 1 to `count` to an attempt whose pod said as many heartbeats. */
async function addMetrics({ pool }: TestRecords, id: string, attempt: number, count: number): Promise<void> {
  await queryOnce(
    pool,
    `insert into training_job_heartbeats (job_id, attempt, pod_uid, pod_number, sequence, step, body, received_at)
     values ($1, $2, 'pod', 1, $3::bigint, $3::bigint, '{}', $4)`,
    [id, attempt, count, sampleDate],
  )
  await queryOnce(
    pool,
    `insert into metrics (workflow_id, attempt, step, train_loss, recorded_at)
     select $1, $2, step, 1.0 / step, $4 from generate_series(1, $3::integer) as step order by step`,
    [id, attempt, count, sampleDate],
  )
}

async function addEvents({ pool }: TestRecords, id: string, source: string, type: string, count: number) {
  await queryOnce(
    pool,
    `insert into training_job_events (job_id, attempt, source, type, reason, message, step, details, recorded_at)
     select $1, 1, $2, $3, 'R', 'event ' || step, step, jsonb_build_object('uri', 's3://c/' || step), $5
     from generate_series(1, $4::integer) as step order by step`,
    [id, source, type, count, sampleDate],
  )
}

async function steps({ pool }: TestRecords, id: string, attempt: number): Promise<readonly number[]> {
  const rows = await queryOnce<{ step: number }>(
    pool,
    'select step from metrics where workflow_id = $1 and attempt = $2 order by id',
    [id, attempt],
  )
  return rows.map(({ step }) => step)
}

async function eventCount({ pool }: TestRecords, id: string, source: string, type: string): Promise<number> {
  const [row] = await queryOnce<{ count: number }>(
    pool,
    'select count(*) from training_job_events where job_id = $1 and source = $2 and type = $3',
    [id, source, type],
  )
  return row?.count ?? -1
}

export function describeRetention(context: () => TestRecords): void {
  /** Records that have not looked yet. */
  const fresh = () => openRecords(context().pool).retention

  describe('retention', () => {
    it('removes nothing that is young, and says so', async () => {
      const { pool, records } = context()
      const run = await addRun(context(), { state: 'RUNNING' })
      await records.callbacks.store([heartbeat(run.id, {}), trainerEvent(run.id, {}), done(run.id, {})])
      await records.actions.add([leaseAction(run)])
      await records.publications.absorb([samplePublication()])
      const before = await rowCounts(pool)
      expect(await fresh().apply(daysLater(1))).toEqual(nothing)
      expect(await rowCounts(pool)).toEqual(before)
    })

    it('removes what trainers said once a message can no longer be a repeated one, but not how they ended', async () => {
      const { pool, records } = context()
      const run = await addRun(context(), { state: 'RUNNING' })
      await records.callbacks.store([
        heartbeat(run.id, { at: daysLater(0) }),
        heartbeat(run.id, { at: daysLater(6), sequence: 2 }),
        trainerEvent(run.id, { type: 'checkpoint', uri: 's3://c/1', step: 1, at: daysLater(0) }),
        done(run.id, { at: daysLater(0) }),
      ])
      const said = await records.callbacks.said(run.id)
      expect(await fresh().apply(daysLater(retentionLimits.callbackDays + 1))).toEqual({ ...nothing, callbacks: 2 })
      const kept = await queryOnce(pool, 'select kind, sequence from callbacks order by kind')
      expect(kept).toEqual([
        { kind: 'done', sequence: 1 },
        { kind: 'heartbeat', sequence: 2 },
      ])
      expect(await records.callbacks.said(run.id)).toEqual(said)
      expect(await records.runs.metrics(run.id, 0, 10)).toHaveLength(2)
      expect(await records.callbacks.store([heartbeat(run.id, { at: daysLater(9) })])).toEqual(['stale'])
    })

    it('removes actions that were done long ago, and none that is not', async () => {
      const { pool, records } = context()
      const run = await addRun(context())
      await records.actions.add([leaseAction(run), leaseAction(run, { attempt: 2 }), leaseAction(run, { attempt: 3 })])
      const [first, second] = await records.actions.due(later(0), 10)
      await records.actions.done([first?.id ?? 0, second?.id ?? 0], 'granted')
      await queryOnce(pool, `update actions set done_at = $1, created_at = $1 where id = $2`, [sampleDate, first?.id])
      await queryOnce(pool, `update actions set done_at = $1 where id = $2`, [daysLater(20), second?.id])
      expect(await fresh().apply(daysLater(retentionLimits.doneActionDays + 1))).toEqual({ ...nothing, actions: 1 })
      const kept = await queryOnce<{ id: number }>(pool, 'select id from actions order by id')
      expect(kept.map(({ id }) => id - (first?.id ?? 0))).toEqual([1, 2])
    })

    it('keeps the newest publications, and removes the others in portions', async () => {
      const { pool, records } = context()
      const surplus = retentionPace.rowsMax + 500
      await queryOnce(
        pool,
        `insert into publications (commit, action, subject, request_id, files, committed_at)
         select lpad(number::text, 40, '0'), 'publication', 's', 'r', 1, $2 from generate_series(1, $1::integer) number
         order by number`,
        [retentionLimits.publications + surplus, sampleDate],
      )
      const newest = await records.publications.newestCommit()
      const retention = fresh()
      expect(await retention.apply(daysLater(1))).toEqual({
        ...nothing,
        publications: retentionPace.rowsMax,
        more: true,
      })
      expect(await retention.apply(daysLater(1))).toEqual({ ...nothing, publications: 500 })
      expect((await rowCounts(pool))['publications']).toBe(retentionLimits.publications)
      expect(await records.publications.newestCommit()).toBe(newest)
    })

    it('thins the metrics of a run that ended long ago, and keeps first, last and all that traces need', async () => {
      const { records } = context()
      const run = await addRun(context(), {
        state: 'RUNNING',
        attempt: 2,
        attempts: [sampleAttempt(), sampleAttempt({ attempt: 2 })],
      })
      await addMetrics(context(), run.id, 1, 3000)
      await addMetrics(context(), run.id, 2, 40)
      await addEvents(context(), run.id, 'trainer', 'log', 300)
      await addEvents(context(), run.id, 'trainer', 'checkpoint', 120)
      await addEvents(context(), run.id, 'reconciler', 'state', 300)
      await changeRun(context(), run.id, { state: 'SUCCEEDED', completedAt: sampleDate, finalMetrics: { loss: 1 } })
      const before = [
        await records.runs.get(run.id),
        await records.runs.history(run.id),
        await records.callbacks.said(run.id),
      ]
      // Too many checkpoints are too many from the start; the rest waits until nobody looks at the run every day.
      expect(await fresh().apply(daysLater(6))).toEqual({ ...nothing, events: 20 })
      const removed = await fresh().apply(daysLater(retentionLimits.condensedAfterDays + 1))
      expect(removed).toMatchObject({ events: 100, more: false })
      const first = await steps(context(), run.id, 1)
      expect([first[0], first.at(-1)]).toEqual([1, 3000])
      expect(first.length).toBeLessThanOrEqual(retentionLimits.metricsOfAttempt.condensedTo)
      expect(first.length).toBeGreaterThan(retentionLimits.metricsOfAttempt.condensedTo / 2)
      expect(removed.metrics).toBe(3000 - first.length)
      expect(await steps(context(), run.id, 2)).toHaveLength(40)
      expect(await eventCount(context(), run.id, 'trainer', 'log')).toBe(retentionLimits.trainerEventsOfRun.condensed)
      expect(await eventCount(context(), run.id, 'trainer', 'checkpoint')).toBe(retentionLimits.checkpointsOfAttempt)
      expect(await eventCount(context(), run.id, 'reconciler', 'state')).toBe(301)
      expect([
        await records.runs.get(run.id),
        await records.runs.history(run.id),
        await records.callbacks.said(run.id),
      ]).toEqual(before)
      expect(await fresh().apply(daysLater(40))).toEqual(nothing)
      expect(await steps(context(), run.id, 1)).toEqual(first)
    })

    it('thins an attempt that goes on only where it has more metrics and events than one may have', async () => {
      const { records } = context()
      const { whileOpen, thinnedTo } = retentionLimits.metricsOfAttempt
      const [large, small] = [
        await addRun(context(), { state: 'RUNNING' }),
        await addRun(context(), { state: 'RUNNING' }),
      ]
      await addMetrics(context(), large.id, 1, whileOpen + 1)
      await addMetrics(context(), small.id, 1, whileOpen)
      await addEvents(context(), large.id, 'trainer', 'log', retentionLimits.trainerEventsOfRun.whileOpen + 7)
      await addEvents(context(), small.id, 'reconciler', 'state', retentionLimits.reconcilerEventsOfRun + 7)
      const version = (await records.runs.get(large.id))?.version
      const removed = await fresh().apply(daysLater(1))
      const kept = await steps(context(), large.id, 1)
      expect([kept[0], kept.at(-1)]).toEqual([1, whileOpen + 1])
      expect(kept.length).toBeLessThanOrEqual(thinnedTo)
      expect(removed).toEqual({ ...nothing, metrics: whileOpen + 1 - kept.length, events: 7 + 8 })
      expect(await steps(context(), small.id, 1)).toHaveLength(whileOpen)
      expect((await records.runs.get(large.id))?.version).toBe(version)
      expect(await fresh().apply(daysLater(1))).toEqual(nothing)
    })

    it('keeps of many ends of one attempt those that decide', async () => {
      const { pool, records } = context()
      const run = await addRun(context(), { state: 'RUNNING' })
      const failures = Array.from({ length: 150 }, (_, index) =>
        done(run.id, { sequence: index + 2, outcome: 'FAILED', at: later(index) }),
      )
      await records.callbacks.store([done(run.id, { at: later(-10) }), ...failures])
      await changeRun(context(), run.id, { state: 'SUCCEEDED', completedAt: sampleDate })
      const said = await records.callbacks.said(run.id)
      expect(await fresh().apply(daysLater(30))).toMatchObject({ callbacks: 51 })
      expect((await rowCounts(pool))['callbacks']).toBe(retentionLimits.donesOfAttempt)
      expect(await records.callbacks.said(run.id)).toEqual(said)
      expect(said[0]?.done?.outcome).toBe('SUCCEEDED')
    })

    it('goes through more runs than one call takes in several calls, and then rests', async () => {
      const { pool } = context()
      for (let count = 0; count < retentionPace.runsMax + 1; count += 1)
        await addRun(context(), { state: 'FAILED', completedAt: sampleDate })
      const retention = fresh()
      const now = daysLater(10)
      expect((await retention.apply(now)).more).toBe(true)
      expect((await retention.apply(now)).more).toBe(false)
      const waiting = 'select count(*) from training_jobs where condensed_at is null'
      expect(await queryOnce(pool, waiting)).toEqual([{ count: 0 }])
      await addRun(context(), { state: 'FAILED', completedAt: sampleDate })
      const rest = retentionPace.restMinutes * 60_000
      await retention.apply(new Date(now.getTime() + rest - 1))
      expect(await queryOnce(pool, waiting)).toEqual([{ count: 1 }])
      await retention.apply(new Date(now.getTime() + rest))
      expect(await queryOnce(pool, waiting)).toEqual([{ count: 0 }])
    })

    it('writes nothing where there is nothing to remove, under a fence either', async () => {
      const { pool, records } = context()
      const run = await addRun(context(), { state: 'RUNNING' })
      await records.callbacks.store([heartbeat(run.id, {})])
      const newest = records.fenced(await records.fence.take('the one'))
      const written = () =>
        queryOnce(
          pool,
          `select pg_snapshot_xmax(pg_current_snapshot())::text as next, (select xmax::text from reconciler_fence)`,
        )
      const before = await written()
      expect(await newest.retention.apply(daysLater(1))).toEqual(nothing)
      expect(await newest.actions.due(daysLater(1), 10)).toEqual([])
      expect(await written()).toEqual(before)
    })

    it('is refused to a reconciler that another has followed', async () => {
      const { pool, records } = context()
      const run = await addRun(context(), { state: 'RUNNING' })
      await records.callbacks.store([heartbeat(run.id, {})])
      const older = records.fenced(await records.fence.take('the first'))
      await records.fence.take('the second')
      const before = await rowCounts(pool)
      await expect(older.retention.apply(daysLater(30))).rejects.toMatchObject({ code: 'FENCE_LOST' })
      expect(await rowCounts(pool)).toEqual(before)
    })
  })
}
