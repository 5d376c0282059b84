import { describe, expect, it } from 'vitest'
import type { TrackedPoint, TrackerLink } from '../../../domain/tracker.ts'
import { addRun, heartbeat, later, readRun, sampleAttempt, sampleRun, type TestRecords } from '../../support/records.ts'

const event = { type: 'tracker', reason: 'TrackerLinked', message: 'it is run r1', attempt: 1, details: {} } as const

export function sampleLink(runId: string, changes: Partial<TrackerLink> = {}): TrackerLink {
  return {
    ...{ runId, attempt: 1, kind: 'mlflow', trackerRunId: 'r1', url: 'http://mlflow/#/experiments/1/runs/r1' },
    ...{
      experiment: '1',
      foundBy: 'tag',
      status: 'FAILED',
      closedAs: 'FAILED',
      startedAt: later(1),
      endedAt: later(9),
    },
    ...{
      params: { lr: '0.1' },
      metrics: { loss: 1 },
      artifactUri: 's3://bucket/a',
      incomplete: ['artifacts: too many'],
    },
    artifacts: [{ path: 'model/weights.bin', sizeBytes: 2 ** 40 }],
    ...changes,
  }
}

function points(...steps: readonly number[]): readonly TrackedPoint[] {
  return steps.map((step) => ({ step, values: { loss: 1 / (step + 1), perplexity: step }, at: later(step) }))
}

export function describeTrackers(context: () => TestRecords): void {
  describe('a link to a tracker', () => {
    it('is read as it was put, with its event, and names the run', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      expect(await records.trackers.put(sampleLink(id), points(0, 1), [event])).toBe(true)
      expect(await records.trackers.of([id])).toEqual([sampleLink(id)])
      expect((await readRun(records, id)).trackerRunId).toBe('r1')
      expect((await records.runs.events(id, 0, 10)).at(-1)).toMatchObject(event)
    })

    it('takes the place of the one before, with its history, however often', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      await records.callbacks.store([heartbeat(id, {})])
      for (const steps of [[0, 1, 2], [0, 1], [5]]) await records.trackers.put(sampleLink(id), points(...steps), [])
      await records.trackers.put(sampleLink(id, { closedAs: null }), null, [])
      const found = await records.runs.metrics(id, 0, 10)
      expect(found.map(({ source, step, trainLoss, extra }) => [source, step, trainLoss, extra])).toEqual([
        ['trainer', expect.any(Number), expect.anything(), expect.anything()],
        ['tracker', 5, 1 / 6, { perplexity: 5 }],
      ])
      // That we closed it stays known.
      expect((await records.trackers.of([id]))[0]?.closedAs).toBe('FAILED')
      await records.trackers.put(sampleLink(id, { trackerRunId: 'r2', closedAs: null }), null, [])
      expect((await records.trackers.of([id]))[0]).toMatchObject({ trackerRunId: 'r2', closedAs: null })
    })

    it('of an earlier attempt does not name the run', async () => {
      const { records } = context()
      const attempts = [sampleAttempt(), sampleAttempt({ attempt: 2 })]
      const { id } = await addRun(context(), { attempt: 2, attempts })
      await records.trackers.put(sampleLink(id), null, [])
      expect((await readRun(records, id)).trackerRunId).toBeNull()
      await records.trackers.put(sampleLink(id, { attempt: 2, trackerRunId: 'r2' }), null, [])
      expect((await readRun(records, id)).trackerRunId).toBe('r2')
      expect((await records.trackers.of([id])).map((link) => link.attempt)).toEqual([1, 2])
    })

    it('is not taken back by a transition that read the run before', async () => {
      const { records } = context()
      const before = await addRun(context())
      await records.trackers.put(sampleLink(before.id), null, [])
      expect(await records.runs.apply({ next: { ...before, reason: 'x' }, events: [], actions: [] })).toBe(false)
      expect((await readRun(records, before.id)).trackerRunId).toBe('r1')
    })

    it('of a run that nobody knows is not stored, and says so', async () => {
      const { records } = context()
      const { id } = sampleRun()
      expect(await records.trackers.put(sampleLink(id), points(1), [event])).toBe(false)
      expect(await records.trackers.put(sampleLink('no-id'), points(1), [event])).toBe(false)
      await records.trackers.tell(id, event)
      await records.trackers.tell('no-id', event)
      expect(await records.trackers.of([id, 'no-id'])).toEqual([])
    })

    it('keeps what a database cannot hold out of it, and nothing else', async () => {
      const { records } = context()
      const { id } = await addRun(context())
      const odd = { params: { 'a\u0000b': '\ud800' }, trackerRunId: 'r\u00001' }
      const history = [{ step: 1e15, values: { loss: 1e300, constructor: 2 }, at: later(1) }]
      expect(await records.trackers.put(sampleLink(id, odd), history, [])).toBe(true)
      expect((await records.runs.metrics(id, 0, 10))[0]).toMatchObject({ step: 1e15, trainLoss: 1e300 })
    })

    it('is thinned apart from what the trainer said, once its run ended long ago', async () => {
      const { records } = context()
      const { id } = await addRun(context(), { state: 'SUCCEEDED', completedAt: later(0) })
      await records.callbacks.store([1, 2, 3].map((sequence) => heartbeat(id, { sequence, step: sequence })))
      const steps = Array.from({ length: 3000 }, (_, step) => step)
      await records.trackers.put(sampleLink(id), points(...steps), [])
      await records.retention.apply(later(8 * 24 * 3600))
      const kept = await records.runs.metrics(id, 0, 1000)
      const own = kept.filter(({ source }) => source === 'trainer')
      expect(own.map(({ step }) => step)).toEqual([1, 2, 3])
      const tracked = kept.filter(({ source }) => source === 'tracker').map(({ step }) => step)
      expect([tracked[0], tracked.length <= 1000, tracked.length > 500]).toEqual([0, true, true])
    })

    it('is found by the tracker’s id', async () => {
      const { records } = context()
      const attempts = [sampleAttempt(), sampleAttempt({ attempt: 2 })]
      const { id } = await addRun(context(), { attempt: 2, attempts })
      await addRun(context())
      await records.trackers.put(sampleLink(id, { trackerRunId: '1c384282e69a412193216e1894b20ed4' }), null, [])
      const hits = [{ kind: 'run', id }]
      expect(await records.traces.find('1c384282e69a412193216e1894b20ed4')).toEqual(hits)
      expect(await records.traces.find('1c384282e69a412193216e1894b20ed5')).toEqual([])
    })
  })

  describe('an action for a tracker', () => {
    const link = (runId: string) => ({ kind: 'link-tracker', environment: 'dev', runId, attempt: 1 }) as const

    it('is due apart from all others, so that neither waits for the other', async () => {
      const { actions } = context().records
      const { id } = await addRun(context())
      const lease = {
        kind: 'remove-lease',
        environment: 'dev',
        namespace: 'n',
        runId: id,
        attempt: 1,
        jobUid: '',
      } as const
      await actions.add([link(id), lease, link(id)])
      expect((await actions.due(later(0), 10)).map(({ action }) => action)).toEqual([lease])
      expect((await actions.due(later(0), 10, 'beside-passes')).map(({ action }) => action)).toEqual([link(id)])
    })

    it('is waited for until it was tried once in vain', async () => {
      const { actions } = context().records
      await actions.add([link(sampleRun().id)])
      expect(await actions.pendingCount()).toBe(1)
      const ids = (await actions.due(later(0), 10, 'beside-passes')).map((one) => one.id)
      await actions.putOff(ids, later(60), 'nobody answers')
      expect(await actions.pendingCount()).toBe(0)
      expect(await actions.due(later(60), 10, 'beside-passes')).toHaveLength(1)
    })
  })
}
