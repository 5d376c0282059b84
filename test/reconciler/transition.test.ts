import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunObservation } from '../../domain/observation.ts'
import { isTerminal, type Run, runStateMayFollow } from '../../domain/run.ts'
import type { Transition } from '../../reconciler/decide/decision.ts'
import { transition } from '../../reconciler/transition.ts'
import {
  at,
  complete,
  container,
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

const running = seen({ jobs: [job()], pods: [pod()], leases: [lease] })
const granted = seen({ jobs: [job()] })
const cancelling = { ...ledgerRun, status: 'cancelling', cancelReason: 'SUPERSEDED', supersededBy: 'another' } as const
const disrupted = pod({
  phase: 'Failed',
  conditions: [
    { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'evicted', at: at(5) },
  ],
  containers: [container({ state: 'terminated', exitCode: 137, finishedAt: at(5) })],
})

const table: readonly (readonly [
  sentence: string,
  observations: readonly RunObservation[],
  state: string,
  reason: string,
  actions: readonly string[],
])[] = [
  ['a committed run without a Job waits for the cluster to make it', [seen()], 'PENDING', 'Committed', []],
  [
    'a run whose environment has no cluster says so',
    [seen({ cluster: 'not-connected' })],
    'PENDING',
    'ClusterNotConnected',
    [],
  ],
  [
    'a Job that is seen gets the lease once and waits for it',
    [granted, granted],
    'QUEUED',
    'WaitingForLease',
    ['grant-lease'],
  ],
  [
    'no lease is granted before the records have caught up',
    [seen({ jobs: [job()], recordCaughtUp: false })],
    'QUEUED',
    'WaitingForRecords',
    [],
  ],
  [
    'no lease is granted while pods of the predecessor live',
    [seen({ jobs: [job()], otherPodsOfName: [pod({ runId: 'other' })] })],
    'QUEUED',
    'WaitingForPredecessor',
    [],
  ],
  [
    'a suspended Job is queued',
    [seen({ jobs: [job({ suspended: true })], leases: [lease] })],
    'QUEUED',
    'Suspended',
    [],
  ],
  [
    'a pod that cannot be scheduled tells the scheduler’s reason',
    [
      seen({
        jobs: [job()],
        leases: [lease],
        pods: [
          pod({
            phase: 'Pending',
            containers: [],
            conditions: [
              { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no GPU', at: at(2) },
            ],
          }),
        ],
      }),
    ],
    'QUEUED',
    'Unschedulable',
    [],
  ],
  ['a running pod makes the run running', [granted, running], 'RUNNING', '', ['grant-lease']],
  [
    'done with success and the pods gone is a success, and its model version is registered',
    [
      granted,
      running,
      seen({
        jobs: [job({ conditions: [complete(9)] })],
        pods: [exited(0)],
        leases: [lease],
        said: [done('SUCCEEDED')],
      }),
    ],
    'SUCCEEDED',
    '',
    ['grant-lease', 'register', 'conclude'],
  ],
  [
    'done with success while the process lives is waited for',
    [granted, running, { ...running, said: [done('SUCCEEDED')] }],
    'RUNNING',
    'Finishing',
    ['grant-lease'],
  ],
  [
    'done with success wins over a process that never exits',
    [granted, running, { ...running, said: [done('SUCCEEDED')], at: at(60) }],
    'SUCCEEDED',
    '',
    ['grant-lease', 'register', 'conclude'],
  ],
  [
    'done with success wins over a later exit code',
    [
      granted,
      running,
      seen({
        at: at(60),
        jobs: [job({ conditions: [failedCondition(9)] })],
        pods: [exited(1)],
        leases: [lease],
        said: [done('SUCCEEDED')],
      }),
    ],
    'SUCCEEDED',
    '',
    ['grant-lease', 'register', 'conclude'],
  ],
  [
    'a Job that failed without a done is waited for',
    [
      granted,
      running,
      seen({ at: at(12), jobs: [job({ conditions: [failedCondition(9)] })], pods: [exited(17)], leases: [lease] }),
    ],
    'RUNNING',
    'Finishing',
    ['grant-lease'],
  ],
  [
    'a Job that failed is tried again after the grace and the backoff',
    [
      granted,
      running,
      seen({ at: at(60), jobs: [job({ conditions: [failedCondition(9)] })], pods: [exited(17)], leases: [lease] }),
      seen({ at: at(95), jobs: [job({ conditions: [failedCondition(9)] })], pods: [exited(17)], leases: [lease] }),
    ],
    'PENDING',
    'Backoff',
    ['grant-lease', 'retry'],
  ],
  [
    'a Job that completed without a done is a success after the grace',
    [
      granted,
      running,
      seen({ at: at(60), jobs: [job({ conditions: [complete(9)] })], pods: [exited(0)], leases: [lease] }),
    ],
    'SUCCEEDED',
    '',
    ['grant-lease', 'conclude'],
  ],
  [
    'a passed deadline is not tried again unless the spec says so',
    [
      granted,
      running,
      seen({
        at: at(60),
        jobs: [job({ conditions: [failedCondition(9, 'DeadlineExceeded')] })],
        pods: [exited(143)],
        leases: [lease],
      }),
    ],
    'FAILED',
    'DEADLINE',
    ['grant-lease', 'conclude'],
  ],
  [
    'an image that cannot be had fails the run after its grace',
    [
      granted,
      ...[10, 400].map((seconds) =>
        seen({
          at: at(seconds),
          jobs: [job()],
          leases: [lease],
          pods: [pod({ phase: 'Pending', containers: [container({ state: 'waiting', reason: 'ImagePullBackOff' })] })],
        }),
      ),
    ],
    'FAILED',
    'IMAGE',
    ['grant-lease', 'conclude'],
  ],
  [
    'a missing Secret of its own fails the run only when the lease has been there',
    [
      granted,
      ...[10, 80].map((seconds) =>
        seen({
          at: at(seconds),
          jobs: [job()],
          leases: [lease],
          pods: [
            pod({
              phase: 'Pending',
              containers: [container({ state: 'waiting', reason: 'CreateContainerConfigError' })],
            }),
          ],
        }),
      ),
    ],
    'FAILED',
    'CONFIG',
    ['grant-lease', 'conclude'],
  ],
  [
    'a disruption inside the Job puts a running run back into the queue',
    [
      granted,
      running,
      seen({
        jobs: [job()],
        leases: [lease],
        pods: [disrupted, pod({ name: 'pod-2', uid: '2', createdAt: at(6), phase: 'Pending', containers: [] })],
      }),
    ],
    'QUEUED',
    'Starting',
    ['grant-lease'],
  ],
  [
    'an eviction that ends the Job is a new attempt on the infrastructure budget',
    [
      granted,
      running,
      seen({ at: at(60), jobs: [job({ conditions: [failedCondition(9)] })], pods: [disrupted], leases: [lease] }),
    ],
    'PENDING',
    'Backoff',
    ['grant-lease', 'retry'],
  ],
  [
    'a Job that vanishes is unobserved during the grace',
    [granted, running, seen({ at: at(20) })],
    'RUNNING',
    'Unobserved',
    ['grant-lease'],
  ],
  [
    'a Job that vanishes is lost after the grace',
    [granted, running, seen({ at: at(20) }), seen({ at: at(100) })],
    'FAILED',
    'LOST',
    ['grant-lease', 'conclude'],
  ],
  [
    'a lost run whose trainer reports success after all is corrected',
    [granted, running, seen({ at: at(20) }), seen({ at: at(100) }), seen({ at: at(110), said: [done('SUCCEEDED')] })],
    'SUCCEEDED',
    '',
    ['grant-lease', 'conclude', 'register', 'conclude'],
  ],
  [
    'a cluster that does not answer changes nothing',
    [granted, running, seen({ cluster: 'unreachable' })],
    'RUNNING',
    '',
    ['grant-lease'],
  ],
  [
    'a cancelled run with pods is cancelling',
    [granted, running, { ...running, ledger: cancelling }],
    'RUNNING',
    'CANCELLING',
    ['grant-lease'],
  ],
  [
    'a cancelled run without pods is cancelled, and the ledger is told',
    [granted, running, seen({ ledger: cancelling })],
    'CANCELLED',
    'SUPERSEDED',
    ['grant-lease', 'conclude'],
  ],
  [
    'a cancelled run whose trainer had succeeded is a success',
    [granted, running, seen({ ledger: cancelling, said: [done('SUCCEEDED')] })],
    'SUCCEEDED',
    '',
    ['grant-lease', 'register', 'conclude'],
  ],
]

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
