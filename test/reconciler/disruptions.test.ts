import { beforeEach, describe, expect, it } from 'vitest'
import type { RunObservation, SeenPod } from '../../domain/observation.ts'
import type { Run } from '../../domain/run.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, complete, container, exited, job, lease, newRun, plan, pod, seen } from '../support/reconciler.ts'

/* Pods that the cluster takes away come and go between two looks. */

let run: Run
beforeEach(async () => {
  run = await newRun()
})

const see = (observation: RunObservation): readonly string[] => {
  const next = transition(run, observation, plan)
  run = next?.next ?? run
  return next?.events.map(({ reason }) => reason) ?? []
}
const numbered = (number: number, more: Partial<SeenPod> = {}): SeenPod =>
  pod({ name: `pod-${number}`, uid: `uid-${number}`, createdAt: at(number), ...more })
const runningWith = (pods: readonly SeenPod[], seconds: number): RunObservation =>
  seen({ at: at(seconds), jobs: [job()], pods, leases: [lease] })
const evicted = (number: number): SeenPod =>
  numbered(number, {
    phase: 'Failed',
    conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: '', at: at(5) }],
    containers: [container({ state: 'terminated', exitCode: 137, finishedAt: at(5) })],
  })

describe('a pod that was taken away', () => {
  it('counts once, while it is there and when it is gone', () => {
    see(runningWith([numbered(1)], 10))
    expect(see(runningWith([evicted(1)], 11))).toEqual(['Disrupted'])
    expect(see(runningWith([evicted(1), numbered(2)], 12))).toEqual([])
    expect(see(runningWith([numbered(2)], 13))).toEqual([])
    expect(run).toMatchObject({ disruptionCount: 1, retryCount: 0, attempt: 1 })
  })

  it('counts although nobody saw how it went', () => {
    see(runningWith([numbered(1)], 10))
    expect(see(runningWith([], 11))).toEqual([])
    expect(see(runningWith([numbered(2)], 12))).toEqual(['Disrupted'])
    expect(see(runningWith([numbered(3)], 13))).toEqual(['Disrupted'])
    expect(run.attempts[0]?.disruptions).toBe(2)
  })

  it('counts no more when its Job has ended', () => {
    see(runningWith([numbered(1)], 10))
    see(seen({ at: at(12), jobs: [job({ conditions: [complete(11)] })], pods: [{ ...exited(0), uid: 'other' }] }))
    expect(run.disruptionCount).toBe(0)
  })

  it('too often is of the class that was seen last, also where its pod is gone', () => {
    const preempted = (number: number): SeenPod => {
      const condition = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' } as const
      return { ...evicted(number), conditions: [{ ...condition, message: '', at: at(5) }] }
    }
    see(runningWith([evicted(1)], 10))
    for (let number = 2; number <= plan.retry.maxDisruptions + 2; number += 1) {
      see(runningWith([preempted(number)], 10 + number))
      see(runningWith([numbered(number + 1)], 10.5 + number))
    }
    expect(run).toMatchObject({ state: 'FAILED', reason: 'PREEMPTED', attempt: 1, retryCount: 0 })
  })

  it('too often ends the attempt, and the run with it', () => {
    for (let number = 1; number <= plan.retry.maxDisruptions + 2; number += 1)
      see(runningWith([numbered(number)], 10 + number))
    expect(run).toMatchObject({ state: 'FAILED', reason: 'EVICTED', attempt: 1, retryCount: 0 })
    expect(run.disruptionCount).toBe(plan.retry.maxDisruptions + 1)
  })
})
