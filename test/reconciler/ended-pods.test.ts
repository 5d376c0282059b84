import { describe, expect, it } from 'vitest'
import type { SeenCondition, SeenPod, SeenWorkload } from '../../domain/observation.ts'
import { decisivePod } from '../../reconciler/decide/failure.ts'
import { whySuspended } from '../../reconciler/decide/queue.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, complete, container, failedCondition, job, lease, newRun, plan, pod, seen } from '../support/reconciler.ts'

const ended = (name: string, second: number, exitCode: number, more: Partial<SeenPod> = {}): SeenPod =>
  pod({
    name,
    uid: name,
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containers: [container({ state: 'terminated', exitCode, reason: 'Error', finishedAt: at(second) })],
    ...more,
  })
const disrupted: SeenCondition = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'EvictionByEvictionAPI',
  message: 'evicted',
  at: at(8),
}

describe('the pod that tells how an attempt ended', () => {
  const table: readonly (readonly [sentence: string, pods: readonly SeenPod[], name: string | undefined])[] = [
    ['is none when there is none', [], undefined],
    ['is the only one', [ended('a', 5, 1)], 'a'],
    [
      'of four nodes is the one that failed by itself, not those that the Job ended then',
      [
        ended('a', 7, 143, { deletionRequestedAt: at(6) }),
        ended('b', 5, 7),
        ended('c', 8, 137, { deletionRequestedAt: at(6), createdAt: at(4) }),
      ],
      'b',
    ],
    ['of several that failed is the first', [ended('a', 9, 1), ended('b', 5, 7), ended('c', 6, 1)], 'b'],
    [
      'is not one that the cluster took away when a later one failed',
      [ended('a', 5, 137, { conditions: [disrupted] }), ended('b', 9, 3, { createdAt: at(6) })],
      'b',
    ],
    [
      'is the newest when all were taken away',
      [
        ended('b', 9, 137, { conditions: [disrupted], createdAt: at(6) }),
        ended('a', 5, 137, { conditions: [disrupted] }),
      ],
      'b',
    ],
    ['is one that succeeded when none failed', [ended('a', 5, 0)], 'a'],
  ]
  it.each(table)('%s', (_sentence, pods, name) => {
    expect(decisivePod(pods)?.name).toBe(name)
  })
})

describe('between the end of its pods and the end of its Job', () => {
  const running = async () => {
    const before = await newRun()
    const begun = transition(before, seen({ jobs: [job()], pods: [pod()], leases: [lease] }), plan)
    return begun?.next ?? before
  }

  it('a run stays RUNNING when its pod has completed', async () => {
    const next = transition(await running(), seen({ jobs: [job()], pods: [ended('a', 9, 0)], leases: [lease] }), plan)
    expect(next?.next).toMatchObject({ state: 'RUNNING', reason: 'Finishing' })
  })

  it('a run stays RUNNING when its pod has failed by itself', async () => {
    const next = transition(await running(), seen({ jobs: [job()], pods: [ended('a', 9, 3)], leases: [lease] }), plan)
    expect(next?.next).toMatchObject({ state: 'RUNNING', reason: 'Finishing' })
  })

  it('a run is QUEUED again when its pod was taken away and its Job makes another', async () => {
    const gone = ended('a', 9, 137, { conditions: [disrupted] })
    const next = transition(await running(), seen({ jobs: [job()], pods: [gone], leases: [lease] }), plan)
    expect(next?.next).toMatchObject({ state: 'QUEUED', reason: 'WaitingForPod', disruptionCount: 1 })
  })

  it('a run of two nodes is RUNNING while one has completed and the other goes on', async () => {
    const pods = [ended('a', 9, 0, { completionIndex: 0 }), pod({ name: 'b', uid: 'b', completionIndex: 1 })]
    const two = { ...plan, nodes: 2 }
    const next = transition(await newRun(), seen({ jobs: [job()], pods, leases: [lease] }), two)
    expect(next?.next).toMatchObject({ state: 'RUNNING', reason: '' })
  })

  it('a run of two nodes fails with the class of the pod that failed, not of those that were ended', async () => {
    const told = ended('a', 8, 143, { deletionRequestedAt: at(7), createdAt: at(5) })
    const oom = pod({
      name: 'b',
      uid: 'b',
      phase: 'Failed',
      containers: [container({ state: 'terminated', exitCode: 137, reason: 'OOMKilled', finishedAt: at(6) })],
    })
    const jobs = [job({ conditions: [failedCondition(9)] })]
    const next = transition(await running(), seen({ at: at(100), jobs, pods: [told, oom], leases: [lease] }), {
      ...plan,
      nodes: 2,
    })
    expect(next?.next.attempts[0]).toMatchObject({ state: 'FAILED', failureClass: 'OOM' })
  })

  it('a Job that completed ends the run', async () => {
    const jobs = [job({ conditions: [complete(9)] })]
    const pods = [ended('a', 9, 0)]
    const next = transition(await running(), seen({ at: at(100), jobs, pods, leases: [lease] }), plan)
    expect(next?.next).toMatchObject({ state: 'SUCCEEDED' })
  })
})

describe('a Job that a queue holds back', () => {
  const condition = (
    type: string,
    status: SeenCondition['status'],
    reason: string,
    message: string,
  ): SeenCondition => ({
    type,
    status,
    reason,
    message,
    at: at(1),
  })
  const workload = (...conditions: readonly SeenCondition[]): SeenWorkload => ({ name: 'job-letters', conditions })
  const noQuota = condition('QuotaReserved', 'False', 'Pending', 'insufficient unused quota')

  const table: readonly (readonly [
    sentence: string,
    workload: SeenWorkload | null,
    reason: string,
    message: string,
  ])[] = [
    ['and that no queue knows', null, 'Suspended', 'the Job is suspended, as a queue does until it admits it'],
    [
      'and that the queue has not looked at',
      workload(),
      'Suspended',
      'the queue has not decided about Workload job-letters yet',
    ],
    ['for want of quota', workload(noQuota), 'Pending', 'insufficient unused quota'],
    [
      'for an admission check',
      workload(
        condition('QuotaReserved', 'True', 'QuotaReserved', 'reserved'),
        condition('Admitted', 'False', 'NoChecks', 'waits for checks'),
      ),
      'NoChecks',
      'waits for checks',
    ],
    [
      'after it was preempted, with what it waits for now',
      workload(condition('Evicted', 'True', 'Preempted', 'for a more important one'), noQuota),
      'Preempted',
      'for a more important one; insufficient unused quota',
    ],
    [
      'after it was preempted and says the same twice',
      workload(
        condition('Evicted', 'True', 'Preempted', 'for another'),
        condition('QuotaReserved', 'False', 'Pending', 'for another'),
      ),
      'Preempted',
      'for another',
    ],
    [
      'that was preempted once and was admitted since',
      workload(condition('Evicted', 'False', 'QuotaReserved', 'before'), noQuota),
      'Pending',
      'insufficient unused quota',
    ],
  ]
  it.each(table)('%s', (_sentence, given, reason, message) => {
    expect(whySuspended(job({ suspended: true, workload: given }))).toEqual({ reason, message })
  })

  it('is QUEUED with the reason of the queue', async () => {
    const jobs = [job({ suspended: true, active: 0, workload: workload(noQuota) })]
    const next = transition(await newRun(), seen({ jobs }), plan)
    expect(next?.next).toMatchObject({ state: 'QUEUED', reason: 'Pending', message: 'insufficient unused quota' })
  })
})
