import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunObservation } from '../../domain/observation.ts'
import { isTerminal, type Run, runStateMayFollow } from '../../domain/run.ts'
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
  seen,
} from '../support/reconciler.ts'
import { granted, ordinary, running } from './transitions.ts'
import { inTrouble } from './transitions-in-trouble.ts'

let fresh: Run
beforeAll(async () => {
  fresh = await newRun()
})

/** Shows a run one observation after the other. */
function through(run: Run, observations: readonly RunObservation[]): { run: Run; all: readonly Transition[] } {
  const all: Transition[] = []
  let now = run
  for (const observation of observations) {
    const next = transition(now, observation, plan)
    if (next) {
      all.push(next)
      now = next.next
    }
  }
  return { run: now, all }
}

const asked = (all: readonly Transition[]): readonly string[] =>
  all.flatMap((one) => one.actions.map((action) => (action.kind === 'operate' ? action.operation.kind : action.kind)))

const table = [...ordinary, ...inTrouble]

describe('the transition', () => {
  it.each(table)('%s', (_sentence, observations, state, reason, actions) => {
    const { run, all } = through(fresh, observations)
    expect({ state: run.state, reason: run.reason, actions: asked(all) }).toEqual({ state, reason, actions })
  })

  it.each(table)('applied twice is applied once: %s', (_sentence, observations) => {
    const { run } = through(fresh, observations)
    const last = observations.at(-1)
    if (last) expect(transition(run, last, plan)).toBeUndefined()
  })

  it.each(table)('keys in the order of the database are no change: %s', (_sentence, observations) => {
    const { run } = through(fresh, observations)
    const last = observations.at(-1)
    const waitingSince = Object.fromEntries(Object.entries(run.waitingSince).reverse())
    const stored = Object.fromEntries(Object.entries({ ...run, waitingSince }).reverse()) as unknown as Run
    if (last) expect(transition(stored, last, plan)).toBeUndefined()
  })

  it('a second Job of the attempt gets no lease and is told once', () => {
    const ghost = job({ uid: 'job-2', createdAt: at(8) })
    const { run, all } = through(fresh, [
      granted,
      running,
      seen({ jobs: [ghost], leases: [lease] }),
      seen({ jobs: [ghost], leases: [lease], at: at(11) }),
    ])
    expect(asked(all)).toEqual(['grant-lease'])
    expect(all.flatMap((one) => one.events).filter((event) => event.reason === 'GhostJob')).toHaveLength(1)
    expect(run.attempts[0]?.jobUid).toBe('job-1')
  })

  it('after all retries are used the run has failed, and the attempt numbers never repeat', () => {
    let run = fresh
    const numbers = new Set([run.attempt])
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const attempts = run.attempts.map(({ attempt: number, jobName, checkpointUri }) => ({
        attempt: number,
        jobName,
        checkpointUri,
        failureClass: null,
        retired: false,
      }))
      const own = { attempt: run.attempt, uid: `job-${attempt}` }
      const world = { ledger: { ...ledgerRun, attempts } }
      const seconds = attempt * 1000
      run = through(run, [
        seen({ ...world, at: at(seconds), jobs: [job(own)] }),
        seen({
          ...world,
          at: at(seconds + 100),
          jobs: [job({ ...own, conditions: [failedCondition(seconds + 1)] })],
          pods: [{ ...exited(1), attempt: run.attempt, jobUid: own.uid }],
        }),
      ]).run
      numbers.add(run.attempt)
    }
    expect(run.state).toBe('FAILED')
    expect(run.retryCount).toBe(plan.retry.maxRetries)
    expect([...numbers]).toEqual([1, 2, 3, 4])
  })

  it('retires an ended run only when its time to live is over and its evidence is there', () => {
    const ended = seen({
      jobs: [job({ conditions: [complete(9)] })],
      pods: [exited(0)],
      leases: [lease],
      said: [done('SUCCEEDED')],
    })
    const { run } = through(fresh, [granted, running, ended])
    const concluded = { ...ledgerRun, status: 'ended' as const, outcome: 'SUCCEEDED' as const }
    const late = { ...ended, ledger: concluded, at: at(2 * 3600) }
    expect(asked(through(run, [late]).all)).toEqual([])
    const evidence = new Map([[1, { exitCode: 0 } as never]])
    expect(asked(through(run, [{ ...ended, evidence }]).all)).toEqual([])
    expect(asked(through(run, [{ ...late, evidence }]).all)).toEqual(['retire'])
  })

  it('never makes an illegal change and never grants one attempt’s lease to two Jobs, whatever is seen in whatever order', () => {
    const worlds = table.flatMap(([, observations]) => observations)
    fc.assert(
      fc.property(fc.array(fc.nat(worlds.length - 1), { minLength: 1, maxLength: 25 }), (order) => {
        let run = fresh
        const leases = new Map<number, string>()
        order.forEach((index, step) => {
          const observation = worlds[index] as RunObservation
          const next = transition(run, { ...observation, at: at(step * 40) }, plan)
          if (!next) return
          if (next.next.state !== run.state) expect(runStateMayFollow[run.state]).toContain(next.next.state)
          if (isTerminal(run.state) && next.next.state !== run.state)
            expect(run.attempts.at(-1)?.failureClass).toBe('LOST')
          for (const action of next.actions) {
            if (action.kind !== 'grant-lease') continue
            expect(leases.get(action.attempt) ?? action.jobUid).toBe(action.jobUid)
            leases.set(action.attempt, action.jobUid)
          }
          run = next.next
        })
      }),
      { numRuns: 500 },
    )
  })
})
