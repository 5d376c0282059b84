import { describe, expect, it } from 'vitest'
import { isFault } from '../../../domain/fault.ts'
import type { Run } from '../../../domain/run.ts'
import { queryOnce } from '../../../records/pool.ts'
import {
  addRun,
  changeRun,
  heartbeat,
  later,
  leaseAction,
  readRun,
  sampleAttempt,
  sampleEvent,
  samplePlan,
  sampleRun,
  type TestRecords,
} from '../../support/records.ts'

export function describeRuns(context: () => TestRecords): void {
  describe('a run', () => {
    it('is read as it was created, with its plan, its first state and its event', async () => {
      const { records } = context()
      const run = fullRun()
      expect(await records.runs.create(run, samplePlan(run), sampleEvent)).toBe(true)
      expect(await records.runs.get(run.id)).toEqual(run)
      expect(await records.runs.plan(run.id)).toEqual(samplePlan(run))
      expect(await records.runs.history(run.id)).toMatchObject([{ from: null, to: 'RUNNING', attempt: 2 }])
      expect(await records.runs.events(run.id, 0, 10)).toMatchObject([sampleEvent])
    })

    it('that is created twice, also at once, is there once and left as it is', async () => {
      const { records } = context()
      const run = sampleRun()
      const create = (name: string) => records.runs.create({ ...run, message: name }, samplePlan(run), sampleEvent)
      const created = await Promise.all([create('first'), create('second')])
      expect(created.filter(Boolean)).toHaveLength(1)
      expect(await create('third')).toBe(false)
      expect((await readRun(records, run.id)).message).toBe(created[0] ? 'first' : 'second')
      expect(await records.runs.history(run.id)).toHaveLength(1)
    })

    it('that is created with others, also by two at once, is there once with its plan, and new ones say that they are', async () => {
      const { records } = context()
      const known = await addRun(context(), { name: 'known' })
      const fresh = ['first', 'second', 'third'].map((name) => sampleRun({ name }))
      const given = [known, ...fresh].map((run) => ({ run, plan: samplePlan(run), event: sampleEvent }))
      const created = await Promise.all([records.runs.createAll(given), records.runs.createAll([...given].reverse())])
      expect(created.flatMap((ids) => [...ids]).sort()).toEqual(fresh.map(({ id }) => id).sort())
      for (const run of fresh) {
        expect(await records.runs.get(run.id)).toEqual(run)
        expect(await records.runs.plan(run.id)).toEqual(samplePlan(run))
        expect(await records.runs.history(run.id)).toHaveLength(1)
        expect(await records.runs.events(run.id, 0, 10)).toHaveLength(1)
      }
      expect(await records.runs.createAll([])).toEqual(new Set())
    })

    it('goes through its life with a history of each state and attempt', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      await changeRun(context(), id, { state: 'QUEUED', reason: 'WaitingForLease', queuedAt: later(1) })
      await changeRun(context(), id, { reason: 'WaitingForNode' })
      await changeRun(context(), id, { state: 'RUNNING', reason: '', startedAt: later(2) })
      const retried = [
        sampleAttempt({ state: 'FAILED', failureClass: 'APP_EXIT', endedAt: later(3) }),
        sampleAttempt({ attempt: 2, checkpointUri: 'file:///checkpoints/7' }),
      ]
      await changeRun(context(), id, { state: 'PENDING', attempt: 2, attempts: retried, retryCount: 1 })
      const finalMetrics = { test_perplexity: 4.25 }
      const ended = await changeRun(context(), id, { state: 'SUCCEEDED', completedAt: later(9), finalMetrics })
      expect(ended).toMatchObject({ retryCount: 1, attempts: retried, finalMetrics, completedAt: later(9), version: 5 })
      const history = await records.runs.history(id)
      expect(history.map(({ from, to, attempt }) => `${from} > ${to} ${attempt}`)).toEqual([
        'null > PENDING 1',
        'PENDING > QUEUED 1',
        'QUEUED > RUNNING 1',
        'RUNNING > PENDING 2',
        'PENDING > SUCCEEDED 2',
      ])
      expect(history[1]?.reason).toBe('WaitingForLease')
    })

    it('changed by two who read the same version is changed by one of them, with its events and actions', async () => {
      const { records } = context()
      const run = await addRun(context())
      const change = (jobUid: string) => ({
        next: { ...run, state: 'QUEUED' as const, message: jobUid },
        events: [{ ...sampleEvent, message: jobUid }],
        actions: [leaseAction(run, { jobUid })],
      })
      const applied = await Promise.all(['one', 'two'].map((uid) => records.runs.apply(change(uid))))
      expect(applied.filter(Boolean)).toHaveLength(1)
      const winner = applied[0] ? 'one' : 'two'
      expect(await readRun(records, run.id)).toMatchObject({ message: winner, version: run.version + 1 })
      expect((await records.runs.events(run.id, 0, 10)).map(({ message }) => message)).toEqual([
        sampleEvent.message,
        winner,
      ])
      expect(await records.actions.due(later(0), 10)).toMatchObject([{ action: { jobUid: winner } }])
    })

    it('changed with others in one transaction is changed as if alone, and one that moved on keeps none of them back', async () => {
      const { records } = context()
      const first = await addRun(context(), { name: 'first' })
      const late = await addRun(context(), { name: 'late' })
      const ending = await addRun(context(), { name: 'ending', state: 'RUNNING' })
      await changeRun(context(), late.id, { message: 'by somebody else' })
      const next = (run: Run, changes: Partial<Run>) => ({
        next: { ...run, ...changes },
        events: ['one', 'two'].map((message) => ({ ...sampleEvent, message: `${run.name} ${message}` })),
        actions: [leaseAction(run)],
      })
      const progress = { step: 9, epoch: null, totalEpochs: null, percentage: 90 }
      const applied = await records.runs.applyAll([
        next(first, { state: 'QUEUED', reason: 'WaitingForLease' }),
        next(late, { state: 'QUEUED' }),
        next(sampleRun({ name: 'unknown' }), { state: 'QUEUED' }),
        next(ending, { state: 'FAILED', message: 'ended', finalMetrics: { loss: 1 }, completedAt: later(9), progress }),
      ])
      expect(applied).toEqual([true, false, false, true])
      expect(await readRun(records, first.id)).toMatchObject({
        state: 'QUEUED',
        version: first.version + 1,
        progress: null,
      })
      expect(await readRun(records, late.id)).toMatchObject({ state: 'PENDING', message: 'by somebody else' })
      const ended = await readRun(records, ending.id)
      expect(ended).toMatchObject({ state: 'FAILED', finalMetrics: { loss: 1 }, completedAt: later(9), progress })
      expect((await records.runs.history(first.id)).map(({ from, to }) => `${from} > ${to}`)).toEqual([
        'null > PENDING',
        'PENDING > QUEUED',
      ])
      const told = async (id: string) => (await records.runs.events(id, 0, 10)).map(({ message }) => message).slice(1)
      expect([await told(first.id), await told(late.id)]).toEqual([['first one', 'first two'], []])
      const due = await records.actions.due(later(0), 10)
      expect(due.map(({ action }) => action.runId).sort()).toEqual([first.id, ending.id].sort())
      expect(await records.runs.applyAll([])).toEqual([])
    })

    it('that nobody recorded cannot be changed, and an id that is none is nobody', async () => {
      const { records } = context()
      expect(await records.runs.apply({ next: sampleRun(), events: [], actions: [] })).toBe(false)
      for (const id of [sampleRun().id, 'nobody', "' or true --"]) {
        expect(await records.runs.get(id)).toBeUndefined()
        expect(await records.runs.plan(id)).toBeUndefined()
        expect(await records.runs.history(id)).toEqual([])
        expect(await records.runs.events(id, 0, 10)).toEqual([])
        expect(await records.runs.metrics(id, 0, 10)).toEqual([])
      }
    })

    it('keeps texts that PostgreSQL cannot hold, with replacement characters', async () => {
      const message = 'zero \u0000 and half a pair \ud800 end'
      const evidence = { ...noEvidence, logTail: [message], events: [{ ['key \u0000']: message }] }
      const run = await addRun(context(), { message, attempts: [sampleAttempt({ evidence })] })
      expect(run.message).toBe('zero \ufffd and half a pair \ufffd end')
      expect(run.attempts[0]?.evidence).toMatchObject({
        logTail: [run.message],
        events: [{ 'key \ufffd': run.message }],
      })
    })
  })

  describe('progress', () => {
    it('belongs to heartbeats while an attempt goes on: a transition that read before takes nothing back', async () => {
      const { records } = context()
      const before = await addRun(context(), { state: 'RUNNING' })
      await records.callbacks.store([heartbeat(before.id, { step: 50, epoch: 5, totalEpochs: 10 })])
      const progress = { step: 40, epoch: 4, totalEpochs: 10, percentage: 40 }
      expect(await records.runs.apply({ next: { ...before, progress }, events: [], actions: [] })).toBe(true)
      expect((await readRun(records, before.id)).progress).toMatchObject({ step: 50, percentage: 50 })
    })

    it('keeps the furthest at the end', async () => {
      const { records } = context()
      const { id } = await addRun(context(), { state: 'RUNNING' })
      await records.callbacks.store([heartbeat(id, { step: 95, epoch: 9, totalEpochs: 10 })])
      const progress = { step: 90, epoch: 10, totalEpochs: 10, percentage: 100 }
      const ended = await changeRun(context(), id, { state: 'SUCCEEDED', progress })
      expect(ended.progress).toEqual({ step: 95, epoch: 10, totalEpochs: 10, percentage: 100 })
    })

    it('begins anew with a new attempt', async () => {
      const { records } = context()
      const { id } = await addRun(context(), { state: 'RUNNING' })
      await records.callbacks.store([heartbeat(id, { step: 95 })])
      const attempts = [sampleAttempt(), sampleAttempt({ attempt: 2 })]
      expect(await changeRun(context(), id, { attempt: 2, attempts, progress: null })).toMatchObject({ progress: null })
    })
  })

  describe('an ended run', () => {
    const ends = ['SUCCEEDED', 'FAILED', 'CANCELLED'] as const
    it.each(ends)('that is %s never changes its state, whoever writes', async (state) => {
      const { pool, records } = context()
      const run = await addRun(context(), { state, completedAt: later(1) })
      for (const other of ['PENDING', 'RUNNING', ...ends].filter((one) => one !== state)) {
        const write = queryOnce(pool, 'update training_jobs set status = $1 where id = $2', [other, run.id])
        await expect(write).rejects.toThrow(/has ended as/)
      }
      const next = { ...run, state: 'RUNNING' as const }
      const refused = await records.runs.apply({ next, events: [sampleEvent], actions: [] }).catch((error) => error)
      expect(isFault(refused, 'DATABASE_FAILED')).toBe(true)
      expect(await readRun(records, run.id)).toEqual(run)
      expect(await records.runs.events(run.id, 0, 10)).toHaveLength(1)
    })

    it('that FAILED as LOST becomes SUCCEEDED by late evidence', async () => {
      const attempts = [sampleAttempt({ state: 'FAILED', failureClass: 'LOST' })]
      const { id } = await addRun(context(), { state: 'FAILED', attempts })
      const changed = await changeRun(context(), id, {
        state: 'SUCCEEDED',
        attempts: [sampleAttempt({ state: 'SUCCEEDED' })],
      })
      expect(changed).toMatchObject({ state: 'SUCCEEDED', attempts: [{ failureClass: null }] })
    })

    it('still learns when its attempts are retired', async () => {
      const { id } = await addRun(context(), { state: 'FAILED' })
      const attempts = [sampleAttempt({ state: 'FAILED', retiredAt: later(3600) })]
      expect(await changeRun(context(), id, { attempts })).toMatchObject({ attempts, state: 'FAILED' })
    })

    it('whose attempt would go back is refused', async () => {
      const { pool } = context()
      const { id } = await addRun(context(), { attempt: 2 })
      await expect(queryOnce(pool, 'update training_jobs set attempt = 1 where id = $1', [id])).rejects.toThrow(
        /go back/,
      )
    })
  })

  describe('runs', () => {
    it('are listed newest first, page by page', async () => {
      const { records } = context()
      const added = await Promise.all([1, 2, 3, 3, 4].map((age) => addRun(context(), { createdAt: later(-age) })))
      const all = await records.runs.list({})
      expect(all.map(({ createdAt }) => createdAt)).toEqual([-1, -2, -3, -3, -4].map(later))
      const first = await records.runs.list({ limit: 3 })
      const second = await records.runs.list({ limit: 3, after: first.at(-1)?.id ?? '' })
      expect([...first, ...second]).toEqual(all)
      expect(await records.runs.list({ after: 'nobody' })).toEqual([])
      expect((await records.runs.getMany(added.map(({ id }) => id))).length).toBe(5)
    })

    it('are listed by environment, project, name and state', async () => {
      const { records } = context()
      const wanted = await addRun(context(), { environment: 'stg', project: 'vision', name: 'cats', state: 'QUEUED' })
      await addRun(context(), { environment: 'dev', project: 'vision', name: 'cats', state: 'QUEUED' })
      await addRun(context(), { environment: 'stg', project: 'language', name: 'dogs', state: 'RUNNING' })
      const query = { environment: 'stg', project: 'vision', name: 'cats', states: ['QUEUED', 'FAILED'] } as const
      expect(await records.runs.list(query)).toEqual([wanted])
      expect(await records.runs.list({ ...query, states: ['FAILED'] })).toEqual([])
      expect(await records.runs.list({ project: 'nobody' })).toEqual([])
    })

    it('are open until they have ended and all their attempts are retired', async () => {
      const { records } = context()
      const retired = [sampleAttempt({ retiredAt: later(1) })]
      const live = await addRun(context(), { attempts: retired })
      const unretired = await addRun(context(), { state: 'FAILED' })
      await addRun(context(), { state: 'FAILED', attempts: retired })
      expect(await records.runs.openIds()).toEqual([live.id, unretired.id].sort())
    })
  })
}

const noEvidence = {
  ...{ exitCode: 137, signal: 'SIGKILL', reason: 'OOMKilled', message: null, node: 'node-1', imageDigest: null },
  ...{ podName: 'handbook-lm-1a2b3c4d-1-x7k2p', podUid: 'pod-uid-1', podConditions: [], jobConditions: [], events: [] },
  ...{ logTail: ['Killed'], lastStep: 12, unobtainable: [] },
}

function fullRun(): Run {
  const first = sampleAttempt({
    ...{ jobUid: 'job-uid-1', state: 'FAILED', failureClass: 'OOM', leaseGrantedAt: later(1), startedAt: later(2) },
    ...{ endedAt: later(3), disruptions: 2, evidence: noEvidence, retiredAt: later(4) },
    appliedRevision: 'a'.repeat(40),
    pods: [{ name: 'a-pod', uid: 'pod-uid', index: 3, node: 'a-node', imageDigest: null }],
  })
  return sampleRun({
    ...{ state: 'RUNNING', reason: 'Training', message: 'epoch 3', verdict: 'STALLED', attempt: 2, retryCount: 1 },
    attempts: [first, sampleAttempt({ attempt: 2, checkpointUri: 's3://checkpoints/7' })],
    ...{ disruptionCount: 2, sourceDirty: true, sourceRepository: null },
    progress: { step: 12, epoch: 3, totalEpochs: 30, percentage: 10 },
    ...{ finalMetrics: { test_perplexity: 4.5 }, trackerRunId: 'mlflow-1', queuedAt: later(1), startedAt: later(2) },
    ...{ completedAt: later(3), nextAttemptAt: later(4), waitingSince: { absent: '2026-03-01T12:00:00Z' }, version: 7 },
  })
}
