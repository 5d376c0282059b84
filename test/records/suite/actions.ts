import { describe, expect, it } from 'vitest'
import type { Action } from '../../../domain/action.ts'
import { addRun, later, leaseAction, sampleRun, type TestRecords } from '../../support/records.ts'

export function describeActions(context: () => TestRecords): void {
  describe('an action', () => {
    it('is there once for its key until it is done, and can then be asked for again', async () => {
      const { actions } = context().records
      const run = sampleRun()
      await Promise.all([actions.add([leaseAction(run)]), actions.add([leaseAction(run, { jobUid: 'other' })])])
      await actions.add([leaseAction(run), leaseAction(run), leaseAction(run, { attempt: 2 })])
      expect(await actions.pendingCount()).toBe(2)
      const [first] = await actions.due(later(0), 10)
      expect(first).toMatchObject({ tries: 0, action: { kind: 'grant-lease', attempt: 1 } })
      await actions.done([first?.id ?? 0], 'granted')
      expect((await actions.due(later(0), 10)).map(({ action }) => action)).toEqual([leaseAction(run, { attempt: 2 })])
      await actions.add([leaseAction(run)])
      expect(await actions.pendingCount()).toBe(2)
    })

    it('that is put off is due again at its time, with its tries counted', async () => {
      const { actions } = context().records
      await actions.add([leaseAction(sampleRun()), leaseAction(sampleRun())])
      const due = await actions.due(later(0), 10)
      await actions.putOff([due[0]?.id ?? 0], later(60), 'the cluster does not answer \u0000')
      expect((await actions.due(later(59), 10)).map(({ id }) => id)).toEqual([due[1]?.id])
      expect(await actions.pendingCount()).toBe(2)
      const again = await actions.due(later(60), 10)
      expect(again.map(({ id, tries }) => [id, tries])).toEqual([
        [due[0]?.id, 1],
        [due[1]?.id, 0],
      ])
    })

    it('that is done is not put off by one who comes late', async () => {
      const { actions } = context().records
      await actions.add([leaseAction(sampleRun())])
      const ids = (await actions.due(later(0), 10)).map(({ id }) => id)
      await actions.done(ids, 'granted')
      await actions.putOff(ids, later(60), 'too late')
      expect(await actions.pendingCount()).toBe(0)
      expect(await actions.due(later(100), 10)).toEqual([])
    })

    it('comes back as it was asked for, oldest first, as many as wanted', async () => {
      const { actions } = context().records
      const run = await addRun(context())
      const key = { environment: 'dev', project: 'language', name: 'handbook-lm' }
      const asked: Action[] = [
        {
          kind: 'operate',
          environment: 'dev',
          runId: run.id,
          operation: {
            kind: 'retire',
            key,
            runId: run.id,
            attempts: [{ attempt: 1, failureClass: 'OOM' }],
            outcome: null,
          },
        },
        {
          kind: 'operate',
          environment: 'dev',
          runId: run.id,
          operation: { kind: 'cancel', key, runId: run.id, reason: 'REQUESTED' },
        },
        leaseAction(run),
      ]
      await actions.add(asked)
      expect((await actions.due(later(0), 2)).map(({ action }) => action)).toEqual(asked.slice(0, 2))
      expect((await actions.due(later(0), 10)).map(({ action }) => action)).toEqual(asked)
      expect(await actions.due(later(0), 10, 'within-passes', [sampleRun().id])).toEqual([])
      expect(await actions.due(later(0), 10, 'within-passes', [run.id])).toHaveLength(asked.length)
      await actions.done([], 'nothing')
      await actions.putOff([], later(1), 'nothing')
      expect(await actions.pendingCount()).toBe(3)
    })
  })
}
