import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LiveMessage, LiveState, LiveStatus } from '../../../records/live.ts'

export const sampleStatus: LiveStatus = {
  ...{
    status: 'RUNNING',
    reason: 'Training',
    attempt: 2,
    progress: 12.5,
    currentEpoch: 3,
    totalEpochs: 24,
    step: 1200,
  },
  metrics: { loss: 2.25 },
}

/** What live state promises, wherever it is kept. */
export function describeLiveState(name: string, open: () => Promise<LiveState>): void {
  describe(`live state in ${name}`, () => {
    let live: LiveState
    let runId: string
    beforeEach(async () => {
      live = await open()
      runId = randomUUID()
    })
    afterEach(() => live.close())

    it('of a run that nobody spoke of is unknown', async () => {
      expect(await live.status(runId)).toBeUndefined()
      expect(await live.metrics(runId)).toBeUndefined()
    })

    it('is read as it was set last, for each run apart', async () => {
      await live.setStatus(runId, { ...sampleStatus, step: 1 })
      await live.setStatus(runId, sampleStatus)
      await live.setMetrics(runId, { loss: 3 })
      await live.setMetrics(runId, { loss: 2, accuracy: 0.5 })
      await live.setMetrics(randomUUID(), { loss: 9 })
      expect(await live.status(runId)).toEqual(sampleStatus)
      expect(await live.metrics(runId)).toEqual({ loss: 2, accuracy: 0.5 })
    })

    it('is a copy: what is changed afterwards changes nothing in it', async () => {
      const metrics = { loss: 3 }
      await live.setMetrics(runId, metrics)
      metrics.loss = 4
      expect(await live.metrics(runId)).toEqual({ loss: 3 })
    })

    it('tells of a push to everybody who listens, until they stop, and to nobody who listens to runs', async () => {
      const heard = [0, 0]
      const runs: string[] = []
      const stop = await Promise.all(
        heard.map((_, index) => live.onPush(() => void (heard[index] = (heard[index] ?? 0) + 1))),
      )
      await live.subscribe((id) => void runs.push(id))
      await live.tellOfPush()
      await vi.waitFor(() => expect(heard).toEqual([1, 1]), { timeout: 10_000 })
      await stop[0]?.()
      await live.tellOfPush()
      await vi.waitFor(() => expect(heard).toEqual([1, 2]), { timeout: 10_000 })
      expect(runs).toEqual([])
    })

    it('tells the messages of every run to everybody who listens, in their order, until they stop', async () => {
      const heard: [string, LiveMessage][][] = [[], []]
      const stop = await Promise.all(
        heard.map((list) => live.subscribe((id, message) => void list.push([id, message]))),
      )
      const other = randomUUID()
      const sent: [string, LiveMessage][] = [
        [runId, { type: 'status', data: { status: 'RUNNING' } }],
        [other, { type: 'training_progress', data: { step: 1, metrics: { loss: 2 } } }],
        [runId, { type: 'event', data: {} }],
      ]
      for (const [id, message] of sent) await live.publish(id, message)
      await vi.waitFor(() => expect(heard).toEqual([sent, sent]))
      await stop[0]?.()
      await live.publish(runId, { type: 'done', data: {} })
      await vi.waitFor(() => expect(heard[1]).toHaveLength(4))
      expect(heard[0]).toHaveLength(3)
    })

    it('takes hundreds of writes at once', async () => {
      const ids = Array.from({ length: 2500 }, () => randomUUID())
      await Promise.all(
        ids.flatMap((id, step) => [
          live.setStatus(id, { ...sampleStatus, step }),
          live.publish(id, { type: 'training_progress', data: { step } }),
        ]),
      )
      const read = await Promise.all(ids.map((id) => live.status(id)))
      expect(read.map((status) => status?.step)).toEqual(ids.map((_, step) => step))
    })
  })
}
