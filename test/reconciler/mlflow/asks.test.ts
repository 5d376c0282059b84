import { beforeAll, describe, expect, it } from 'vitest'
import type { RunObservation, TrainerSaid } from '../../../domain/observation.ts'
import type { TrainingPlan } from '../../../domain/plan.ts'
import type { Run } from '../../../domain/run.ts'
import { transition } from '../../../reconciler/transition.ts'
import { at, done, exited, failedCondition, job, newRun, plan, pod, seen } from '../../support/reconciler.ts'

const tracked: TrainingPlan = {
  ...plan,
  tracker: { kind: 'mlflow', url: 'http://mlflow.example.com', experiment: 'language/letters' },
}
let fresh: Run
beforeAll(async () => {
  fresh = await newRun()
})

/** Shows a run one observation after the other; gives the attempts whose link was asked for with each. */
function asked(observations: readonly RunObservation[], of: TrainingPlan = tracked): readonly (readonly number[])[] {
  let run = fresh
  return observations.map((observation) => {
    const next = transition(run, observation, of)
    run = next?.next ?? run
    const links = next?.actions.flatMap((action) => (action.kind === 'link-tracker' ? [action.attempt] : []))
    return links ?? []
  })
}

const naming = (trackerRunId: string | null, seconds = 9): TrainerSaid => {
  const said = done('SUCCEEDED', seconds)
  return { ...said, done: said.done && { ...said.done, trackerRunId } }
}
const granted = seen({ jobs: [job()] })
const running = seen({ jobs: [job()], pods: [pod()] })
const succeeded = (said: TrainerSaid) => seen({ jobs: [job()], pods: [exited(0)], said: [said] })
const failed = (seconds: number) =>
  seen({ at: at(seconds), jobs: [job({ conditions: [failedCondition(9)] })], pods: [exited(1)] })
const vanished = (seconds: number, said: readonly TrainerSaid[] = []) => seen({ at: at(seconds), said })

describe('the link of an attempt to its tracker', () => {
  it('is asked for when the attempt ends, once', () => {
    const end = succeeded(naming(null))
    expect(asked([granted, running, end, end, { ...end, at: at(500) }])).toEqual([[], [], [1], [], []])
  })

  it('is asked for with every attempt that fails', () => {
    expect(asked([granted, running, failed(41), failed(42)])).toEqual([[], [], [1], []])
  })

  it('is asked for without a tracker in the plan where the trainer named a run', () => {
    expect(asked([granted, running, succeeded(naming('r1'))], plan)).toEqual([[], [], [1]])
    expect(asked([granted, running, succeeded(naming(null))], plan)).toEqual([[], [], []])
  })

  it('is asked for again when the trainer names its run late', () => {
    const end = { ...succeeded(naming(null)), at: at(20) }
    const late = { ...succeeded(naming('r1')), at: at(200) }
    expect(asked([granted, running, end, late, late])).toEqual([[], [], [1], [1], []])
  })

  it('that was asked for just before is asked for again a little later, and not forgotten', () => {
    const end = { ...succeeded(naming(null)), at: at(20) }
    const late = { ...succeeded(naming('r1')), at: at(30) }
    expect(asked([granted, running, end, late, { ...late, at: at(90) }])).toEqual([[], [], [1], [], [1]])
  })

  it('is asked for again when a lost attempt turns out to have succeeded', () => {
    const sentences = asked([granted, running, vanished(20), vanished(90), vanished(300, [naming(null, 290)])])
    expect(sentences).toEqual([[], [], [], [1], [1]])
  })

  it('changes nothing of the state that is decided', () => {
    for (const observations of [
      [granted, running, failed(41)],
      [granted, running, succeeded(naming(null))],
    ]) {
      const states = [plan, tracked].map((one) => {
        let run = fresh
        for (const observation of observations) run = transition(run, observation, one)?.next ?? run
        return [run.state, run.reason, run.message, run.attempt]
      })
      expect(states[0]).toEqual(states[1])
    }
  })
})
