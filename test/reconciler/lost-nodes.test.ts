import { beforeAll, describe, expect, it } from 'vitest'
import type { RunObservation } from '../../domain/observation.ts'
import type { Run } from '../../domain/run.ts'
import { asItCounts, isAlive, isOutOfReach } from '../../reconciler/decide/sight.ts'
import type { Transition } from '../../reconciler/decide/decision.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, done, job, lease, ledgerRun, newRun, plan, pod, seen } from '../support/reconciler.ts'

/* A pod on a dead node stays Terminating for ever, and its Job with it. */

const taken = pod({
  deletionRequestedAt: at(10),
  conditions: [
    { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager', message: 'tainted', at: at(10) },
  ],
})
const patience = plan.terminationGraceSeconds + plan.nodeLostSeconds

describe('a pod that was told to end', () => {
  it('lives until its grace and that of a lost node are over, and counts as ended then', () => {
    expect(isAlive(asItCounts(taken, plan, at(10 + patience - 1)))).toBe(true)
    const counted = asItCounts(taken, plan, at(10 + patience))
    expect([isAlive(counted), isOutOfReach(counted)]).toEqual([false, true])
    expect(counted.message).toContain('node-1')
  })

  it('before it had a node is waited for', () => {
    expect(asItCounts({ ...taken, node: null }, plan, at(10_000))).toMatchObject({ phase: 'Running' })
  })

  it('and has ended is as it ended', () => {
    const ended = { ...taken, phase: 'Failed', reason: '' } as const
    expect(asItCounts(ended, plan, at(10_000))).toBe(ended)
  })
})

describe('a run whose node is lost', () => {
  let fresh: Run
  beforeAll(async () => {
    fresh = await newRun()
  })
  const through = (observations: readonly RunObservation[]): { run: Run; all: readonly Transition[] } => {
    const all: Transition[] = []
    let run = fresh
    for (const observation of observations) {
      const next = transition(run, observation, plan)
      if (!next) continue
      all.push(next)
      run = next.next
    }
    return { run, all }
  }
  const asked = (all: readonly Transition[]): readonly string[] =>
    all.flatMap((one) => one.actions.map((action) => (action.kind === 'operate' ? action.operation.kind : action.kind)))
  const late = 10 + patience
  const begun = [
    seen({ jobs: [job()] }),
    seen({ jobs: [job()], pods: [pod()], leases: [lease] }),
    seen({ at: at(20), jobs: [job()], pods: [taken], leases: [lease] }),
  ]
  const lost = asItCounts(taken, plan, at(late))

  it('is at its next attempt, charged once to the infrastructure, and the lease of the lost one is revoked', () => {
    const { run, all } = through([...begun, seen({ at: at(late), jobs: [job()], pods: [lost], leases: [lease] })])
    expect(run).toMatchObject({ state: 'PENDING', attempt: 2, retryCount: 0, disruptionCount: 1 })
    expect(run.attempts[0]).toMatchObject({ failureClass: 'NODE_LOST', disruptions: 0 })
    expect(asked(all)).toEqual(['grant-lease', 'retry', 'bar-lease'])
  })

  it('tells once that the lost one has reported success after all, and goes on as it was decided', () => {
    const failed = seen({ at: at(late), jobs: [job()], pods: [lost], leases: [lease] })
    const reported = { ...failed, at: at(late + 20), said: [done('SUCCEEDED', late + 15)] }
    const { run, all } = through([...begun, failed, reported, { ...reported, at: at(late + 21) }])
    expect(run).toMatchObject({ state: 'PENDING', attempt: 2 })
    expect(run.attempts[0]).toMatchObject({ state: 'FAILED', failureClass: 'NODE_LOST' })
    const told = all.flatMap(({ events }) => events.filter(({ reason }) => reason === 'LateEnd'))
    expect(told.map(({ message }) => message)).toEqual([
      'attempt 1 has reported success after it counted as failed (NODE_LOST): that is kept as evidence and changes nothing; attempt 2 counts',
    ])
    expect(asked(all)).not.toContain('register')
  })

  it('revokes no lease that is revoked, and none of a Job that has ended', () => {
    const failed = seen({ at: at(late), jobs: [job()], pods: [lost], leases: [{ ...lease, jobUid: 'nobody' }] })
    expect(asked(through([...begun, failed]).all)).toEqual(['grant-lease', 'retry'])
  })

  it('keeps the manifest of the lost attempt for its time: taking it away would wait for that node too', () => {
    const evidence = new Map([[1, { exitCode: null } as never]])
    const observation = seen({ at: at(late), jobs: [job()], pods: [lost], leases: [lease], evidence })
    expect(asked(through([...begun, observation]).all)).not.toContain('retire')
  })

  it('is cancelled although its Job hangs, and says which pod counts as ended', () => {
    const ledger = { ...ledgerRun, status: 'cancelling', cancelReason: 'REQUESTED' } as const
    const hanging = job({ deletionRequestedAt: at(12) })
    const waiting = seen({ at: at(late - 1), ledger, jobs: [hanging], pods: [taken], leases: [lease] })
    expect(through([...begun, waiting]).run).toMatchObject({ state: 'RUNNING', reason: 'CANCELLING' })
    const over = seen({ at: at(late), ledger, jobs: [hanging], pods: [lost], leases: [lease] })
    const { run, all } = through([...begun, waiting, over])
    expect(run).toMatchObject({ state: 'CANCELLED', reason: 'REQUESTED' })
    expect(all.at(-1)?.events.map(({ reason }) => reason)).toEqual(['PodOutOfReach'])
  })
})
