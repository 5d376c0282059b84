import { beforeAll, describe, expect, it } from 'vitest'
import type { LedgerRun } from '../../domain/ledger.ts'
import { paths } from '../../domain/ledger.ts'
import type { Run } from '../../domain/run.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, job, lease, ledgerRun, newRun, plan, pod, seen } from '../support/reconciler.ts'

/* The database was restored from a backup that is older than the ledger. */

let running: Run
beforeAll(async () => {
  const observations = [seen({ jobs: [job()] }), seen({ jobs: [job()], pods: [pod()], leases: [lease] })]
  running = observations.reduce((run, one) => transition(run, one, plan)?.next ?? run, await newRun())
})

const second = { attempt: 2, jobName: 'letters-2', failureClass: null, retired: false, checkpointUri: 'there' } as const
const retried = (failureClass: 'OOM' | 'NODE_LOST'): LedgerRun => ({
  ...ledgerRun,
  attempts: [...ledgerRun.attempts.map((one) => ({ ...one, failureClass })), second],
})
const own = { uid: 'job-2', attempt: 2 }
const world = {
  at: at(60),
  jobs: [job(own)],
  pods: [pod({ attempt: 2, jobUid: 'job-2' })],
  leases: [{ ...lease, ...own, jobUid: 'job-2' }],
}

describe('a record that is behind the ledger', () => {
  it('takes over the attempt that followed, with its Job by its lease, and grants nothing', () => {
    const next = transition(running, seen({ ...world, ledger: retried('OOM') }), plan)
    expect(next?.next).toMatchObject({ state: 'RUNNING', attempt: 2, retryCount: 1, disruptionCount: 0 })
    expect(next?.next.attempts).toMatchObject([
      { attempt: 1, state: 'FAILED', failureClass: 'OOM', endedAt: at(60) },
      { attempt: 2, state: 'RUNNING', jobUid: 'job-2', checkpointUri: 'there' },
    ])
    expect(next?.actions.filter(({ kind }) => kind === 'grant-lease')).toEqual([])
  })

  it('charges the infrastructure with what it cost', () => {
    const next = transition(running, seen({ ...world, ledger: retried('NODE_LOST') }), plan)
    expect(next?.next).toMatchObject({ attempt: 2, retryCount: 0, disruptionCount: 1 })
  })

  it('takes over an outcome, instead of losing a Job that was retired', () => {
    const ended: LedgerRun = { ...ledgerRun, status: 'ended', outcome: 'SUCCEEDED' }
    const next = transition(running, seen({ at: at(500), ledger: ended }), plan)
    expect(next?.next).toMatchObject({ state: 'SUCCEEDED', reason: 'FromLedger', completedAt: at(500) })
    expect(next?.events.map(({ reason }) => reason)).toEqual(['OutcomeFromLedger'])
    expect(next?.actions).toEqual([])
  })

  it('takes over no outcome that a person wrote there', () => {
    const ended: LedgerRun = { ...ledgerRun, status: 'ended', outcome: 'SUCCEEDED' }
    const drifted = [{ path: paths.runLedger(running), commit: 'c0ffee', author: 'A Person' }]
    const next = transition(
      running,
      seen({ jobs: [job()], pods: [pod()], leases: [lease], ledger: ended, drifted }),
      plan,
    )
    expect(next?.next.state).toBe('RUNNING')
  })
})
