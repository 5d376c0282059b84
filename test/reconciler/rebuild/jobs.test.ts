import { describe, expect, it } from 'vitest'
import type { RunObservation } from '../../../domain/observation.ts'
import type { Attempt } from '../../../domain/run.ts'
import { transition } from '../../../reconciler/transition.ts'
import { at, complete, failedCondition, job, lease, ledgerRun, newRun, plan, seen } from '../../support/reconciler.ts'

/* The record was made of the ledger alone: its attempt has ended, and no Job of it is known. */

const ended = job({ conditions: [complete(9)] })
const made = { ...ledgerRun, status: 'ended', outcome: 'SUCCEEDED' } as const
const endedAttempt: Partial<Attempt> = { state: 'SUCCEEDED', endedAt: at(9) }

const table: readonly (readonly [string, Partial<RunObservation>, Partial<Attempt>, string | null])[] = [
  ['the only Job that ended is its own', { jobs: [ended] }, endedAttempt, 'job-1'],
  ['the Job that has its lease is its own', { jobs: [job()], leases: [lease] }, endedAttempt, 'job-1'],
  [
    'a Job that ended is none of its own while another one has its lease',
    { jobs: [job({ uid: 'ghost', conditions: [failedCondition(9)] })], leases: [lease] },
    endedAttempt,
    null,
  ],
  [
    'of two Jobs that ended nobody knows which is its own',
    { jobs: [ended, { ...ended, uid: 'other' }] },
    endedAttempt,
    null,
  ],
  ['a Job that goes on without a lease is none of its own', { jobs: [job()] }, endedAttempt, null],
  [
    'a Job that somebody brings back after its retirement is none',
    { jobs: [ended] },
    { ...endedAttempt, retiredAt: at(9) },
    null,
  ],
  ['a Job that is known stays the one', { jobs: [ended] }, { ...endedAttempt, jobUid: 'known' }, 'known'],
]

describe('the Job of an attempt that ended before the records were lost', () => {
  it.each(table)('%s', async (_, look, changes, uid) => {
    const run = await newRun()
    const attempts = run.attempts.map((one) => ({ ...one, ...changes }))
    const over = { ...run, state: 'SUCCEEDED', attempts, completedAt: at(9) } as const
    const decided = transition(over, seen({ ledger: made, ...look }), plan)
    expect((decided?.next ?? over).attempts[0]?.jobUid).toBe(uid)
  })
})
