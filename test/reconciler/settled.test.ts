import { expect, it } from 'vitest'
import type { SeenJob } from '../../domain/observation.ts'
import type { Run } from '../../domain/run.ts'
import type { Look } from '../../reconciler/look.ts'
import { goesOnAsKnown } from '../../reconciler/settled.ts'
import { at, complete, failedCondition, job, newRun } from '../support/reconciler.ts'

const looks = (jobs: readonly SeenJob[] | undefined): Look => {
  const view = jobs && { at: at(10), jobs, pods: [], leases: [], applications: [], endpoints: [] }
  return { view: () => view } as unknown as Look
}
const leased = async (changes: Partial<Run>): Promise<Run> => {
  const run = await newRun()
  return {
    ...run,
    ...changes,
    attempts: run.attempts.map((one) => ({ ...one, jobUid: 'job-1', leaseGrantedAt: at(2) })),
  }
}
const ofRun = (run: Run, more: Partial<SeenJob> = {}): SeenJob => job({ runId: run.id, uid: 'job-1', ...more })

it.each<[string, boolean, Partial<Run>, Partial<SeenJob> | undefined]>([
  ['that runs goes on', true, { state: 'RUNNING' }, undefined],
  ['that waits with its lease and its Job goes on', true, { state: 'QUEUED' }, {}],
  ['whose Job is gone is asked of the ledger', false, { state: 'QUEUED' }, undefined],
  ['whose Job is another one is asked of the ledger', false, { state: 'QUEUED' }, { uid: 'job-2' }],
  ['whose Job is about to go is asked of the ledger', false, { state: 'QUEUED' }, { deletionRequestedAt: at(9) }],
  ['whose Job has completed is asked of the ledger', false, { state: 'QUEUED' }, { conditions: [complete(9)] }],
  ['whose Job has failed is asked of the ledger', false, { state: 'QUEUED' }, { conditions: [failedCondition(9)] }],
  ['that waits for its Job is asked of the ledger', false, { state: 'PENDING' }, {}],
  ['that has ended is asked of the ledger', false, { state: 'SUCCEEDED' }, {}],
])('a run %s', async (_sentence, goesOn, changes, seen) => {
  const run = await leased(changes)
  expect(goesOnAsKnown(run, looks(seen && [ofRun(run, seen)]))).toBe(goesOn)
})

it('a run whose lease was not granted yet is asked of the ledger', async () => {
  const run: Run = { ...(await newRun()), state: 'QUEUED' }
  expect(goesOnAsKnown(run, looks([ofRun(run)]))).toBe(false)
})

it('a run of a cluster that is not connected is asked of the ledger', async () => {
  expect(goesOnAsKnown(await leased({ state: 'QUEUED' }), looks(undefined))).toBe(false)
})
