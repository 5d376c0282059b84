import { beforeAll, describe, expect, it } from 'vitest'
import type { RunObservation } from '../../domain/observation.ts'
import type { Run } from '../../domain/run.ts'
import type { Transition } from '../../reconciler/decide/decision.ts'
import { transition } from '../../reconciler/transition.ts'
import {
  at,
  complete,
  done,
  exited,
  failedCondition,
  job,
  lease,
  ledgerRun,
  newRun,
  plan,
  pod,
  seen,
} from '../support/reconciler.ts'

/* What somebody or something made again, of runs that have ended too. */

let ended: Run
beforeAll(async () => {
  const said = [done('SUCCEEDED')]
  ended = [
    seen({ jobs: [job()] }),
    seen({ jobs: [job({ conditions: [complete(9)] })], pods: [exited(0)], leases: [lease], said }),
  ].reduce((run, observation) => transition(run, observation, plan)?.next ?? run, await newRun())
})

const concluded = { ...ledgerRun, status: 'ended', outcome: 'SUCCEEDED' } as const
const ghost = job({ uid: 'job-2', createdAt: at(20) })
const later = (more: Partial<RunObservation>, seconds = 30): RunObservation =>
  seen({ at: at(seconds), ledger: concluded, ...more })
const told = (one: Transition | undefined) => one?.events.map(({ reason }) => reason) ?? []
const asked = (one: Transition | undefined) => one?.actions.map((action) => action.kind) ?? []

describe('a Job of an attempt that is over', () => {
  it('is told once, and finds the lease of another one', () => {
    const first = transition(ended, later({ jobs: [ghost], leases: [lease] }), plan)
    expect(told(first)).toEqual(['GhostJob'])
    expect(asked(first)).toEqual([])
    expect(first?.next.state).toBe('SUCCEEDED')
    expect(first && transition(first.next, later({ jobs: [ghost], leases: [lease] }, 31), plan)).toBeUndefined()
  })

  it('that finds no lease gets one that no Job has, so that it ends instead of waiting', () => {
    const retired = { ...ended, attempts: ended.attempts.map((one) => ({ ...one, retiredAt: at(25) })) }
    const first = transition(retired, later({ jobs: [ghost] }), plan)
    expect(asked(first)).toEqual(['bar-lease'])
    expect(first?.next.attempts[0]?.retiredAt).toBeNull()
    const barred = { ...lease, jobUid: 'nobody' }
    expect(first && asked(transition(first.next, later({ jobs: [ghost], leases: [barred] }, 32), plan))).toEqual([])
  })

  it('that has ended without a lease needs none', () => {
    const over = { ...ghost, conditions: [failedCondition(22)] }
    expect(asked(transition(ended, later({ jobs: [over] }), plan))).toEqual([])
  })

  it('is no ghost when nobody remembers its UID, and it has ended', () => {
    const restored = { ...ended, attempts: ended.attempts.map((one) => ({ ...one, jobUid: null })) }
    const own = job({ conditions: [complete(9)] })
    expect(told(transition(restored, later({ jobs: [own] }), plan))).toEqual([])
    expect(told(transition(restored, later({ jobs: [ghost] }), plan))).toEqual(['GhostJob'])
  })
})

it('a pod that has lost its Job is told once, with the node that it holds, in every state', () => {
  const orphan = { ...pod(), jobUid: null, formerJobUid: 'job-1' }
  const first = transition(ended, later({ pods: [orphan] }), plan)
  expect(told(first)).toEqual(['OrphanPod'])
  expect(first?.events[0]?.message).toContain('node-1')
  expect(first && transition(first.next, later({ pods: [orphan] }, 31), plan)).toBeUndefined()
})

it('files of a run that somebody changed are told once for each commit', () => {
  const drifted = ['a.yaml', 'b.json'].map((path) => ({ path, commit: 'c0ffee', author: 'A Person' }))
  const first = transition(ended, later({ drifted }), plan)
  expect(first?.events.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^A Person .*a\.yaml, b\.json.*c0ffee/),
  ])
  expect(first && transition(first.next, later({ drifted }, 31), plan)).toBeUndefined()
})

it('what cannot be applied is told once, and again when it could be in between', async () => {
  const application = {
    name: 'dev.language.jobs',
    appliedRevision: null,
    operation: null,
    phase: 'Failed',
    message: 'no',
    syncFailed: true,
  } as const
  const fine = { ...application, phase: 'Succeeded', message: '', syncFailed: false } as const
  let run = await newRun()
  const reasons = [application, application, fine, application].map((one, index) => {
    const next = transition(run, seen({ application: one, at: at(index) }), plan)
    run = next?.next ?? run
    return told(next)
  })
  expect(reasons).toEqual([['SyncFailed'], [], [], ['SyncFailed']])
})
