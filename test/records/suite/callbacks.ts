import { describe, expect, it } from 'vitest'
import {
  addRun,
  changeRun,
  done,
  heartbeat,
  later,
  readRun,
  sampleAttempt,
  sampleRun,
  type TestRecords,
  trainerEvent,
} from '../../support/records.ts'

export function describeCallbacks(context: () => TestRecords): void {
  const store = (...messages: Parameters<TestRecords['records']['callbacks']['store']>[0][number][]) =>
    context().records.callbacks.store(messages)

  describe('a callback', () => {
    it('that is new is stored; sent again it is repeated and has no second effect', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      const sent = [heartbeat(id, {}), trainerEvent(id, { message: 'epoch 1' }), done(id, { metrics: { loss: 1 } })]
      expect(await store(...sent)).toEqual(['stored', 'stored', 'stored'])
      const before = [await readRun(records, id), await records.callbacks.said(id)]
      expect(await store(...sent)).toEqual(['repeated', 'repeated', 'repeated'])
      expect([await readRun(records, id), await records.callbacks.said(id)]).toEqual(before)
      expect(await records.runs.metrics(id, 0, 10)).toHaveLength(1)
      expect((await records.runs.events(id, 0, 10)).map(({ type }) => type)).toEqual(['state', 'log', 'done'])
    })

    it('with the sequence of another body is a conflict and changes nothing', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      await store(heartbeat(id, { step: 10 }), done(id, { outcome: 'SUCCEEDED' }))
      const before = [await readRun(records, id), await records.callbacks.said(id)]
      const sent = [heartbeat(id, { step: 20 }), done(id, { outcome: 'FAILED' })]
      expect(await store(...sent)).toEqual(['conflict', 'conflict'])
      expect([await readRun(records, id), await records.callbacks.said(id)]).toEqual(before)
    })

    it('has a sequence of its own for each pod, attempt and kind', async () => {
      const { id } = await addRun(context())
      const sent = [
        heartbeat(id, { step: 1 }),
        heartbeat(id, { step: 2, podUid: 'pod-2' }),
        heartbeat(id, { step: 3, attempt: 2 }),
        trainerEvent(id, {}),
      ]
      expect(await store(...sent)).toEqual(['stored', 'stored', 'stored', 'stored'])
    })

    it('of a run that nobody recorded is unknown', async () => {
      const outcomes = await store(heartbeat(sampleRun().id, {}), done('no uuid', {}), trainerEvent("'; --", {}))
      expect(outcomes).toEqual(['unknown-run', 'unknown-run', 'unknown-run'])
    })

    it('meets its own double and its conflict inside one batch, whose other messages are stored', async () => {
      const { records } = context()
      const [one, two] = [await addRun(context()), await addRun(context())]
      const outcomes = await store(
        heartbeat(one.id, { sequence: 1, step: 10 }),
        heartbeat(one.id, { sequence: 1, step: 10 }),
        heartbeat(one.id, { sequence: 1, step: 11 }),
        heartbeat(two.id, { sequence: 2, step: 20 }),
        heartbeat(two.id, { sequence: 1, step: 10 }),
        heartbeat(sampleRun().id, {}),
        trainerEvent(two.id, {}),
      )
      expect(outcomes).toEqual(['stored', 'repeated', 'conflict', 'stored', 'stale', 'unknown-run', 'stored'])
      expect((await records.runs.metrics(two.id, 0, 10)).map(({ step }) => step)).toEqual([20, 10])
      expect((await readRun(records, two.id)).progress?.step).toBe(20)
    })

    it('stored by several batches at once is stored by one of them', async () => {
      const { records } = context()
      const runs = await Promise.all([1, 2, 3].map(() => addRun(context())))
      const batch = runs.flatMap(({ id }) => [heartbeat(id, {}), trainerEvent(id, {})])
      const outcomes = await Promise.all([batch, [...batch].reverse(), batch].map((one) => store(...one)))
      expect(outcomes.flat().filter((outcome) => outcome === 'stored')).toHaveLength(batch.length)
      expect(outcomes.flat().filter((outcome) => outcome === 'repeated')).toHaveLength(2 * batch.length)
      for (const { id } of runs) expect(await records.runs.metrics(id, 0, 10)).toHaveLength(1)
    })

    it('whose numbers and texts fit no column spoils no other of its batch', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      const odd = heartbeat(id, {
        ...{ step: 12.7, epoch: 1e12, totalEpochs: 3e9, loss: Number.NaN, accuracy: 1e300, sequence: 1 },
        ...{ podUid: 'pod \u0000', metrics: { ['name \u0000 \udfff']: 1e-300 } },
      })
      expect(await store(odd, heartbeat(id, { podUid: 'pod-2' }), odd)).toEqual(['stored', 'stored', 'repeated'])
      expect(await store(odd)).toEqual(['repeated'])
      const [point] = await records.runs.metrics(id, 0, 10)
      expect(point).toMatchObject({ step: 12, epoch: 2 ** 31 - 1, trainLoss: null, trainAccuracy: 1e300 })
      expect(point?.extra).toEqual({ 'name \ufffd \ufffd': 1e-300 })
    })
  })

  describe('a heartbeat', () => {
    it('is a metric and the progress of its run, whose version it leaves alone', async () => {
      const { records } = context()
      const before = await addRun(context(), { state: 'RUNNING' })
      const sent = { step: 120, epoch: 3, totalEpochs: 30, accuracy: 0.5, validationLoss: 2, validationAccuracy: 0.4 }
      await store(heartbeat(before.id, { ...sent, gpuUtilization: 93.5, memoryUsageGb: 7, metrics: { lr: 0.1 } }))
      expect(await records.runs.metrics(before.id, 0, 10)).toMatchObject([
        {
          ...{ attempt: 1, epoch: 3, step: 120, trainLoss: 2.5, trainAccuracy: 0.5, validationLoss: 2 },
          ...{ validationAccuracy: 0.4, gpuUtilization: 93.5, memoryUsageGb: 7, extra: { lr: 0.1 } },
        },
      ])
      const progress = { step: 120, epoch: 3, totalEpochs: 30, percentage: 10 }
      expect(await readRun(records, before.id)).toEqual({ ...before, progress })
    })

    it('that says less than one before leaves the rest as it was', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      await store(heartbeat(id, { step: 10, epoch: 1, totalEpochs: 4 }))
      await store(heartbeat(id, { step: 20, sequence: 2 }), heartbeat(id, { step: 30, epoch: 2, sequence: 3 }))
      const progress = { step: 30, epoch: 2, totalEpochs: 4, percentage: 25 }
      expect((await readRun(records, id)).progress).toEqual(progress)
    })

    const lates = [
      ['that comes after a further step of its pod', 1, [{ sequence: 2, step: 20 }], { sequence: 1, step: 10 }],
      ['of an attempt before the current one', 2, [{ attempt: 2, step: 5 }], { attempt: 1, step: 99 }],
      ['of a pod that has been replaced', 1, [{ step: 50 }, { podUid: 'pod-2', step: 40 }], { sequence: 2, step: 60 }],
    ] as const
    it.each(lates)('%s is stale: a metric, and no change of live state', async (_, attempt, before, late) => {
      const { records } = context()
      const { id } = await addRun(context(), { attempt })
      for (const one of before) expect(await store(heartbeat(id, one))).toEqual(['stored'])
      const run = await readRun(records, id)
      expect(await store(heartbeat(id, late))).toEqual(['stale'])
      expect(await readRun(records, id)).toEqual(run)
      expect(await records.runs.metrics(id, 0, 10)).toHaveLength(before.length + 1)
    })

    it('of a new pod, which resumes from a checkpoint, is live though its step is smaller', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      await store(heartbeat(id, { step: 500 }))
      expect(await store(heartbeat(id, { step: 400, podUid: 'pod-2' }))).toEqual(['stored'])
      expect((await readRun(records, id)).progress?.step).toBe(400)
      expect(await records.callbacks.said(id)).toMatchObject([{ lastHeartbeat: { step: 400 } }])
    })

    it('of a run that has ended is stale, but is known to have been said', async () => {
      const { records } = context()
      const { id } = await addRun(context(), { state: 'CANCELLED' })
      expect(await store(heartbeat(id, { step: 500 }))).toEqual(['stale'])
      expect((await readRun(records, id)).progress).toBeNull()
      expect(await records.callbacks.said(id)).toMatchObject([{ lastHeartbeat: { step: 500 } }])
    })
  })

  describe('what trainers said', () => {
    it('is told for each attempt: done, newest heartbeat, furthest checkpoint', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      await changeRun(context(), id, { attempt: 2, attempts: [sampleAttempt(), sampleAttempt({ attempt: 2 })] })
      const artifacts = [{ name: 'model', uri: 'file:///model', sizeBytes: 5e9, digest: 'sha256:00' }]
      await store(
        trainerEvent(id, { type: 'checkpoint', step: 100, uri: 'file:///100', sequence: 2 }),
        trainerEvent(id, { type: 'checkpoint', step: 50, uri: 'file:///50', sequence: 1 }),
        trainerEvent(id, { type: 'checkpoint', step: 150, uri: null, sequence: 3 }),
        heartbeat(id, { attempt: 2, step: 7, at: later(1) }),
        done(id, { attempt: 2, artifacts, metrics: { loss: 1 }, trackerRunId: 'mlflow-1', at: later(2) }),
      )
      const said = await records.callbacks.said(id)
      expect(said).toMatchObject([
        { attempt: 1, done: null, lastHeartbeat: null, checkpointUri: 'file:///100' },
        {
          attempt: 2,
          done: { outcome: 'SUCCEEDED', artifacts, metrics: { loss: 1 }, trackerRunId: 'mlflow-1', at: later(2) },
          lastHeartbeat: { step: 7, loss: 2.5, at: later(1) },
          checkpointUri: null,
        },
      ])
      expect(await records.callbacks.said('nobody')).toEqual([])
    })

    it('is a success where one pod of an attempt said so, else what was said last', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      await store(done(id, { outcome: 'FAILED', message: 'first', at: later(1) }))
      await store(done(id, { outcome: 'FAILED', message: 'second', podUid: 'pod-2', at: later(2) }))
      expect(await records.callbacks.said(id)).toMatchObject([{ done: { message: 'second' } }])
      await store(
        done(id, { podUid: 'pod-3', at: later(3) }),
        done(id, { outcome: 'FAILED', sequence: 2, at: later(4) }),
      )
      expect(await records.callbacks.said(id)).toMatchObject([{ done: { outcome: 'SUCCEEDED' } }])
    })

    it('is an event of the run, in the order of coming, with its reason', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      await store(
        trainerEvent(id, { type: 'epoch_end', epoch: 1, step: 10, metrics: { loss: 2 } }),
        trainerEvent(id, { type: 'checkpoint', sequence: 2, uri: 'file:///1' }),
        done(id, { outcome: 'FAILED', message: 'out of data' }),
      )
      const events = await records.runs.events(id, 0, 10)
      expect(events.map(({ reason }) => reason)).toEqual(['Committed', 'EpochEnd', 'CheckpointSaved', 'TrainerFailed'])
      expect(events[1]).toMatchObject({ attempt: 1, details: { epoch: 1, metrics: { loss: 2 }, podUid: 'pod-1' } })
      expect(events[3]).toMatchObject({ type: 'done', message: 'out of data' })
    })

    it('is read page by page', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      const sent = [1, 2, 3, 4, 5].flatMap((sequence) => [
        heartbeat(id, { sequence, step: sequence }),
        trainerEvent(id, { sequence, message: String(sequence) }),
      ])
      await store(...sent)
      const first = await records.runs.metrics(id, 0, 3)
      const rest = await records.runs.metrics(id, first.at(-1)?.id ?? 0, 100)
      expect([...first, ...rest].map(({ step }) => step)).toEqual([1, 2, 3, 4, 5])
      const events = await records.runs.events(id, 0, 4)
      const others = await records.runs.events(id, events.at(-1)?.id ?? 0, 100)
      expect([...events, ...others].slice(1).map(({ message }) => message)).toEqual(['1', '2', '3', '4', '5'])
    })
  })
}
