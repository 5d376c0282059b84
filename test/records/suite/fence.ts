import { describe, expect, it } from 'vitest'
import { isFault } from '../../../domain/fault.ts'
import type { Records } from '../../../records/records.ts'
import {
  addRun,
  heartbeat,
  later,
  leaseAction,
  readRun,
  sampleDate,
  sampleEndpoint,
  sampleEvent,
  samplePlan,
  samplePublication,
  sampleRun,
  sampleVersion,
  type TestRecords,
} from '../../support/records.ts'
import { rowCounts } from './row-counts.ts'

const run = sampleRun()

/** Every way in which records are written, and the reading that effects outside begin with. */
const writes: readonly (readonly [string, (records: Records, id: string) => Promise<unknown>])[] = [
  ['a new run', (records) => records.runs.create(run, samplePlan(run), sampleEvent)],
  [
    'a transition',
    async (records, id) =>
      records.runs.apply({
        next: { ...(await readRun(records, id)), state: 'RUNNING' },
        events: [sampleEvent],
        actions: [leaseAction(run, { attempt: 2 })],
      }),
  ],
  ['an action', (records) => records.actions.add([leaseAction(run)])],
  ['an action that is done', (records) => records.actions.done([1], 'granted')],
  ['an action that is put off', (records) => records.actions.putOff([1], later(60), 'later')],
  ['the beginning of actions that are due', (records) => records.actions.due(later(0), 10)],
  ['a callback', (records, id) => records.callbacks.store([heartbeat(id, {})])],
  ['model versions', (records) => records.models.absorb('language', 'handbook-lm', null, [sampleVersion()])],
  ['an endpoint', (records) => records.endpoints.put(sampleEndpoint(), null)],
  ['an endpoint that is gone', (records) => records.endpoints.remove(sampleEndpoint())],
  ['publications', (records) => records.publications.absorb([samplePublication()])],
]

export function describeFence(context: () => TestRecords): void {
  describe('the fence', () => {
    it.each(writes)('refuses the holder of an older token: %s', async (_, write) => {
      const { pool, records } = context()
      const { id } = await addRun(context())
      await records.actions.add([leaseAction(run, { attempt: 3 })])
      const older = records.fenced(await records.fence.take('the first'))
      await records.fence.take('the second')
      const before = await rowCounts(pool)
      const outcome: unknown = await write(older, id).catch((error: unknown) => error)
      expect(outcome).toMatchObject({ code: 'FENCE_LOST', retry: 'never' })
      expect(await rowCounts(pool)).toEqual(before)
      expect((await readRun(records, id)).state).toBe('PENDING')
    })

    it.each(writes)('lets the holder of the newest token write, and those who are not fenced: %s', async (_, write) => {
      const { records } = context()
      const { id } = await addRun(context())
      await records.fence.take('the first')
      const newest = records.fenced(await records.fence.take('the second'))
      await write(newest, id)
      await write(records, id)
    })

    it('lets everybody read, and tells who holds it', async () => {
      const { records } = context()
      expect(await records.fence.current()).toBeUndefined()
      const { id } = await addRun(context())
      const first = await records.fence.take('the first')
      expect(await records.fence.current()).toMatchObject({ token: first, holder: 'the first' })
      const second = await records.fence.take('the second')
      expect(second).toBeGreaterThan(first)
      expect(await records.fence.current()).toMatchObject({ token: second, holder: 'the second' })
      expect((await records.fenced(first).runs.get(id))?.id).toBe(id)
      expect(await records.fenced(first).actions.due(later(0), 10)).toEqual([])
    })

    it('tells an older holder before an effect outside, and nobody else', async () => {
      const { records } = context()
      const older = records.fenced(await records.fence.take('the first'))
      await older.fence.confirm()
      const newer = records.fenced(await records.fence.take('the second'))
      await newer.fence.confirm()
      await records.fence.confirm()
      const refusal: unknown = await older.fence.confirm().catch((error: unknown) => error)
      expect(isFault(refusal, 'FENCE_LOST')).toBe(true)
    })

    it('gives no number twice where the database was replaced by an older or an empty one', async () => {
      const { pool, records } = context()
      const held = await records.fence.take('the first')
      const client = await pool.connect()
      try {
        await client.query('truncate reconciler_fence', [])
      } finally {
        client.release()
      }
      await expect(records.fenced(held).actions.add([leaseAction(run)])).rejects.toMatchObject({ code: 'FENCE_LOST' })
      expect(await records.fence.take('the second')).toBeGreaterThan(held)
      await expect(records.fenced(held).actions.add([leaseAction(run)])).rejects.toMatchObject({ code: 'FENCE_LOST' })
    })

    it('that several take at once gives each its own token, and the newest to one', async () => {
      const { records } = context()
      const tokens = await Promise.all(['a', 'b', 'c', 'd'].map((holder) => records.fence.take(holder)))
      expect(new Set(tokens).size).toBe(4)
      const newest = (await records.fence.current())?.token
      expect(newest).toBe(Math.max(...tokens))
      const added = await Promise.allSettled(
        tokens.map((token) => records.fenced(token).publications.absorb([samplePublication({ at: sampleDate })])),
      )
      expect(added.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })
  })
}
