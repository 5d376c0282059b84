import { beforeAll, describe, expect, it } from 'vitest'
import type { RunObservation } from '../../domain/observation.ts'
import type { TrainingPlan } from '../../domain/plan.ts'
import type { Run } from '../../domain/run.ts'
import type { Transition } from '../../reconciler/decide/decision.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, container, done, job, lease, newRun, plan, pod, seen } from '../support/reconciler.ts'

/* A trainer whose step does not move although its process lives. Its steps took a second each. */

const heartbeat = { epoch: null, totalEpochs: null, loss: null, accuracy: null, validationLoss: null }
const more = { validationAccuracy: null, gpuUtilization: null, memoryUsageGb: null, metrics: {} }
const running = (seconds: number, step: number): RunObservation =>
  seen({
    at: at(seconds),
    jobs: [job()],
    pods: [pod({ containers: [container({ startedAt: at(0) })] })],
    leases: [lease],
    said: [
      { ...done('SUCCEEDED'), done: null, lastHeartbeat: { ...heartbeat, ...more, step, at: at(seconds) } },
    ] as RunObservation['said'],
  })
const moving = [running(10, 10), running(20, 20), running(40, 20)]
const still = [...moving, running(200, 20)]
const ending: TrainingPlan = { ...plan, stall: { factor: 10, end: true } }
const again: TrainingPlan = { ...ending, retry: { ...plan.retry, on: ['STALLED'], maxRetries: 1 } }

let fresh: Run
beforeAll(async () => {
  fresh = await newRun()
})

function through(observations: readonly RunObservation[], by: TrainingPlan) {
  const all: Transition[] = []
  let run = fresh
  for (const observation of observations) {
    const next = transition(run, observation, by)
    if (!next) continue
    all.push(next)
    run = next.next
  }
  const asked = all.flatMap(({ actions }) =>
    actions.map((one) => (one.kind === 'operate' ? one.operation.kind : one.kind)),
  )
  return { run, asked, told: all.flatMap(({ events }) => events.map(({ reason }) => reason)) }
}

describe('a training that stands still', () => {
  it('is only told, once, where its spec says no more', () => {
    const { run, asked, told } = through([...still, running(300, 20)], plan)
    expect(run).toMatchObject({ state: 'RUNNING', verdict: 'STALLED' })
    expect([asked, told]).toEqual([[], ['Stalled']])
  })

  it('has failed as STALLED where its spec wants that to end it, and nothing of it starts again', () => {
    const { run, asked, told } = through([...still, running(300, 20)], ending)
    expect(run).toMatchObject({ state: 'FAILED', reason: 'STALLED', verdict: null, attempt: 1 })
    expect(run.message).toContain('step 20 has stood still')
    expect(asked).toEqual(['bar-lease', 'conclude', 'bar-lease', 'conclude'])
    expect(told).toEqual(['Stalled', 'AttemptFailed'])
  })

  it('is tried again where its spec wants that too, charged to the application', () => {
    const { run } = through(still, again)
    expect(run).toMatchObject({ state: 'PENDING', attempt: 2, retryCount: 1, disruptionCount: 0 })
    expect(run.attempts[0]).toMatchObject({ state: 'FAILED', failureClass: 'STALLED' })
  })

  it('goes on as soon as its step moves', () => {
    const { run, told } = through([...moving, running(45, 21)], ending)
    expect(run).toMatchObject({ state: 'RUNNING', verdict: null })
    expect(told).toEqual([])
  })
})
