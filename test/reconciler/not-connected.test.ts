import { describe, expect, it } from 'vitest'
import type { ClusterView } from '../../domain/observation.ts'
import type { Look } from '../../reconciler/look.ts'
import { observe } from '../../reconciler/observe.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, complete, exited, job, ledgerRun, newRun, plan, seen } from '../support/reconciler.ts'

/* An environment that this process is not connected to may have a cluster all the same: nothing is concluded from not seeing it. */

const cancelling = { ...ledgerRun, status: 'cancelling', cancelReason: 'REQUESTED' } as const

describe('a run that is being cancelled', () => {
  it.each([
    ['goes on being cancelled where no cluster is connected', 'not-connected', 'PENDING', 'CANCELLING'],
    ['is cancelled where the cluster shows none of its pods', 'connected', 'CANCELLED', 'REQUESTED'],
  ] as const)('%s', async (_, cluster, state, reason) => {
    const decided = transition(await newRun(), seen({ cluster, ledger: cancelling }), plan)
    expect(decided?.next).toMatchObject({ state, reason })
  })

  it('asks for nothing again and again where no cluster is connected', async () => {
    const look = seen({ cluster: 'not-connected', ledger: cancelling })
    const decided = transition(await newRun(), look, plan)
    expect(decided && transition({ ...decided.next, version: 1 }, look, plan)).toBeUndefined()
  })
})

describe('evidence of an attempt that has ended', () => {
  const ended = [job({ conditions: [complete(9)] })]
  const view: ClusterView = { at: at(10), jobs: ended, pods: [exited(0)], leases: [], applications: [], endpoints: [] }
  const nothing = { runs: [], endpoints: [], models: [], environments: [] }
  const looking = (of: ClusterView | undefined): Look => ({
    at: at(600),
    ledger: nothing,
    view: () => of,
    cluster: () => undefined,
  })

  it('is not said to be unobtainable where no cluster is connected', async () => {
    const run = await newRun()
    const attempts = run.attempts.map((one) => ({ ...one, endedAt: at(9) }))
    const over = { ...run, state: 'SUCCEEDED', attempts } as const
    expect((await observe(over, [], looking(undefined), true, plan)).evidence.size).toBe(0)
    expect((await observe(over, [], looking(view), true, plan)).evidence.get(1)).toMatchObject({ podName: 'pod-1' })
  })
})
