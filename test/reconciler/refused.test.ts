import { beforeAll, describe, expect, it } from 'vitest'
import type { ClusterView, RunObservation, SeenRefusal } from '../../domain/observation.ts'
import { Fault } from '../../domain/fault.ts'
import type { Run } from '../../domain/run.ts'
import { waitsForTime } from '../../reconciler/decide/clocked.ts'
import type { Transition } from '../../reconciler/decide/decision.ts'
import { defaultRules } from '../../reconciler/decide/rules.ts'
import { observe } from '../../reconciler/observe.ts'
import type { ClusterSource } from '../../reconciler/sources/cluster.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, exited, failedCondition, job, lease, newRun, plan, pod, seen } from '../support/reconciler.ts'

/* A Job whose pods a quota, a limit or a policy forbids has no pods and no condition that says so. */

const refusal = (seconds: number): SeenRefusal => ({
  jobUid: 'job-1',
  message: 'exceeded quota: small',
  at: at(seconds),
})
const bare = (seconds: number, more: Partial<RunObservation> = {}): RunObservation =>
  seen({ at: at(seconds), jobs: [job()], leases: [lease], ...more })
const refused = (seconds: number, more: Partial<RunObservation> = {}): RunObservation =>
  bare(seconds, { refusals: [refusal(seconds)], ...more })
const patience = defaultRules.quotaGraceSeconds

let fresh: Run
beforeAll(async () => {
  fresh = await newRun()
})

function through(observations: readonly RunObservation[], from = fresh): { run: Run; all: readonly Transition[] } {
  const all: Transition[] = []
  let run = from
  for (const observation of observations) {
    const next = transition(run, observation, plan)
    if (!next) continue
    all.push(next)
    run = next.next
  }
  return { run, all }
}

describe('a run whose pod is refused', () => {
  it('is QUEUED in the words of what refuses it, and nothing is written while that goes on', () => {
    const { run, all } = through([bare(10), refused(20), refused(40), refused(3000)])
    expect(run).toMatchObject({ state: 'QUEUED', reason: 'FailedCreate', message: 'exceeded quota: small' })
    expect(all).toHaveLength(2)
  })

  it('runs as soon as its pod is made, and forgets what it waited for', () => {
    const made = bare(3000, { pods: [pod({ createdAt: at(2990) })], refusals: [refusal(2980)] })
    const { run } = through([bare(10), refused(20), made])
    expect(run).toMatchObject({ state: 'RUNNING', reason: '' })
    expect(Object.keys(run.waitingSince).filter((key) => key.startsWith('quota'))).toEqual([])
  })

  it('is told of a pod after the last one only', () => {
    const evicted = exited(137, { finishedAt: at(400) })
    const before = bare(500, { pods: [{ ...evicted, createdAt: at(300) }], refusals: [refusal(200)] })
    const after = bare(500, { pods: [{ ...evicted, createdAt: at(300) }], refusals: [refusal(450)] })
    expect(through([bare(10), before]).run.reason).not.toBe('FailedCreate')
    // One that failed by itself ends its Job, which makes no other.
    const taken = { ...evicted, createdAt: at(300), deletionRequestedAt: at(390) }
    expect(through([bare(10), { ...after, pods: [taken] }]).run.reason).toBe('FailedCreate')
  })

  it('is tried again as QUOTA after the grace, charged to the cluster, and its lease is revoked', () => {
    const { run, all } = through([bare(10), refused(20), refused(20 + patience - 1)])
    expect(run.state).toBe('QUEUED')
    const after = through([refused(20 + patience)], run)
    expect(after.run).toMatchObject({ state: 'PENDING', attempt: 2, retryCount: 0, disruptionCount: 1 })
    expect(after.run.attempts[0]).toMatchObject({ state: 'FAILED', failureClass: 'QUOTA' })
    const asked = [...all, ...after.all].flatMap(({ actions }) =>
      actions.map((one) => (one.kind === 'operate' ? one.operation.kind : one.kind)),
    )
    expect(asked).toEqual(['retry', 'bar-lease'])
  })

  it('has failed as QUOTA when the cluster may not be tried again', () => {
    const spent = { ...fresh, disruptionCount: plan.retry.maxDisruptions }
    const { run } = through([bare(10), refused(20), refused(20 + patience)], spent)
    expect(run).toMatchObject({ state: 'FAILED', reason: 'QUOTA', message: 'exceeded quota: small' })
  })

  it('to the end of its time is no DEADLINE of its trainer', () => {
    const over = [job({ conditions: [failedCondition(100, 'DeadlineExceeded')] })]
    const { run } = through([bare(10), refused(20), refused(140, { jobs: over })])
    expect(run.attempts[0]).toMatchObject({ state: 'FAILED', failureClass: 'QUOTA' })
    const trained = through([bare(10), refused(140, { jobs: over, pods: [exited(143)] })])
    expect(trained.run.attempts[0]?.failureClass).toBe('DEADLINE')
  })

  it('waits apart in each attempt', () => {
    const { run } = through([bare(10), refused(20), refused(20 + patience)])
    const second = {
      jobs: [job({ uid: 'job-2', attempt: 2, createdAt: at(4000) })],
      leases: [{ ...lease, attempt: 2 }],
    }
    const next = refused(4000, { ...second, refusals: [{ ...refusal(4000), jobUid: 'job-2' }] })
    expect(through([next], run).run).toMatchObject({ attempt: 2, state: 'PENDING' })
  })

  it('of several nodes waits for the pods that are lacking', () => {
    const two = { ...plan, nodes: 2 }
    const one = refused(20, { pods: [pod({ completionIndex: 0 })] })
    const first = transition(fresh, bare(10), two)?.next ?? fresh
    expect(transition(first, one, two)?.next).toMatchObject({ state: 'QUEUED', reason: 'FailedCreate' })
  })
})

describe('what is asked of the cluster', () => {
  const asked: string[] = []
  const source = (refusals: () => Promise<readonly SeenRefusal[]>): ClusterSource =>
    ({
      refusals: (namespace: string) => {
        asked.push(namespace)
        return refusals()
      },
    }) as Partial<ClusterSource> as ClusterSource
  async function look(view: Pick<ClusterView, 'jobs' | 'pods'>, cluster: ClusterSource): Promise<RunObservation> {
    const whole: ClusterView = { at: at(20), leases: [lease], applications: [], endpoints: [], ...view }
    const ledger = { runs: [], endpoints: [], models: [], environments: [] }
    const one = { at: at(20), ledger, view: () => whole, cluster: () => cluster }
    asked.length = 0
    return observe(fresh, [], one, true, plan)
  }
  const other = { ...refusal(5), jobUid: 'job-of-another' }

  it('is why a Job without a pod has none', async () => {
    const { refusals } = await look(
      { jobs: [job()], pods: [] },
      source(async () => [other, refusal(9)]),
    )
    expect([asked, refusals]).toEqual([[plan.namespace], [refusal(9)]])
  })

  it.each([
    ['with its pod', { jobs: [job()], pods: [pod()] }],
    ['that a queue holds back', { jobs: [job({ suspended: true })], pods: [] }],
    ['that has failed', { jobs: [job({ conditions: [failedCondition(9)] })], pods: [exited(1)] }],
    ['that is not there', { jobs: [], pods: [] }],
  ])('is nothing of a Job %s', async (_sentence, view) => {
    const quiet = { ...source(async () => [refusal(9)]), logTail: async () => [], events: async () => [] }
    const { refusals } = await look(view, quiet)
    expect([asked, refusals]).toEqual([[], undefined])
  })

  it('may be refused itself, and then nothing is known of it', async () => {
    const fault = new Fault('CLUSTER_REFUSED', 'cannot list events', { retry: 'later' })
    const { refusals } = await look(
      { jobs: [job()], pods: [] },
      source(() => Promise.reject(fault)),
    )
    expect([asked, refusals]).toEqual([[plan.namespace], undefined])
  })
})

it('a Job that has no pod is looked at again soon, and by the scheduled passes then', () => {
  const { run } = through([bare(10)])
  const waiting = { ...run, reason: 'WaitingForPod', queuedAt: at(10) }
  expect(waitsForTime(waiting, plan, at(20))).toBe(true)
  expect(waitsForTime(waiting, plan, at(60))).toBe(false)
  expect(waitsForTime({ ...waiting, reason: 'FailedCreate' }, plan, at(20))).toBe(false)
})
