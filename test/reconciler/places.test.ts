import { beforeAll, describe, expect, it } from 'vitest'
import type { RunObservation, SeenApplication } from '../../domain/observation.ts'
import type { Run } from '../../domain/run.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, complete, container, exited, job, lease, newRun, plan, pod, seen } from '../support/reconciler.ts'

/* Where an attempt went, remembered while its objects are there. */

const [first, second] = ['a'.repeat(40), 'b'.repeat(40)]
const digest = `sha256:${'d'.repeat(64)}`
const synced = (operation: Partial<SeenApplication['operation'] & object>, phase = 'Succeeded'): SeenApplication => ({
  ...{ name: 'dev.language.jobs', appliedRevision: first, message: '' },
  phase: phase as SeenApplication['phase'],
  operation: { revision: first, finishedAt: null, jobs: [], ...operation },
})

let leased: Run
beforeAll(async () => {
  const run = await newRun()
  leased = transition(run, seen({ jobs: [job()] }), plan)?.next ?? run
})
const after = (run: Run, ...observations: readonly Partial<RunObservation>[]): Run =>
  observations.reduce<Run>(
    (one, more, index) =>
      transition(one, seen({ at: at(3 + index), jobs: [job()], leases: [lease], ...more }), plan)?.next ?? one,
    run,
  )
const attemptOf = (run: Run) => run.attempts[0]

describe('the commit that a Job was made from', () => {
  it.each<[string, SeenApplication | null, string | null]>([
    ['is not known while no Application is seen', null, null],
    [
      'is that of the operation that names the Job, also while it goes on',
      synced({ jobs: [job().name] }, 'Running'),
      first,
    ],
    ['is that of an operation that ended after the Job was made', synced({ finishedAt: at(100) }), first],
    ['is not that of an operation that ended before', synced({ finishedAt: at(-100) }), null],
    ['is not that of an operation that failed elsewhere', synced({ finishedAt: at(100) }, 'Failed'), null],
    ['is not known before the first operation', { ...synced({}), operation: null }, null],
  ])('%s', (_sentence, application, expected) => {
    expect(attemptOf(after(leased, { application }))?.appliedRevision).toBe(expected)
  })

  it('stays, whatever is synced later', () => {
    const jobs = [job().name]
    const run = after(leased, { application: synced({ jobs }) }, { application: synced({ jobs, revision: second }) })
    expect(attemptOf(run)?.appliedRevision).toBe(first)
  })

  it('is learnt also when the run has ended already', () => {
    const jobs = [job({ conditions: [complete(4)] })]
    const over = after(leased, { jobs, pods: [exited(0)] }, { jobs, pods: [exited(0)], at: at(60) })
    expect(over.state).toBe('SUCCEEDED')
    expect(attemptOf(over)?.appliedRevision).toBeNull()
    const learnt = after(over, { jobs, at: at(61), application: synced({ jobs: [job().name] }) })
    expect(attemptOf(learnt)?.appliedRevision).toBe(first)
  })
})

describe('the pods of an attempt', () => {
  it('are remembered with node and image as these come to be known, also when they are gone', () => {
    const waiting = pod({ phase: 'Pending', node: null, containers: [] })
    const running = pod({ containers: [container({ imageDigest: digest })] })
    expect(attemptOf(after(leased, { pods: [waiting] }))?.pods).toMatchObject([{ node: null, imageDigest: null }])
    const run = after(leased, { pods: [waiting] }, { pods: [running] }, { pods: [] })
    expect(attemptOf(run)?.pods).toEqual([
      { name: running.name, uid: running.uid, index: null, node: running.node, imageDigest: digest },
    ])
  })

  it('are all of them, one after a disruption too, each with its index', () => {
    const pods = [0, 1].map((index) => pod({ uid: `pod-${index}`, name: `p-${index}`, completionIndex: index }))
    const another = pod({ uid: 'pod-2', name: 'p-2', completionIndex: 1, createdAt: at(9) })
    const run = after(leased, { pods }, { pods: [another] })
    expect(attemptOf(run)?.pods.map(({ uid, index }) => [uid, index])).toEqual([
      ['pod-0', 0],
      ['pod-1', 1],
      ['pod-2', 1],
    ])
  })

  it('of a ghost are not its own', () => {
    expect(attemptOf(after(leased, { pods: [pod({ jobUid: 'another' })] }))?.pods).toEqual([])
  })

  it('are bounded in number', () => {
    const pods = Array.from({ length: 300 }, (_none, index) => pod({ uid: `pod-${index}`, completionIndex: index }))
    expect(attemptOf(after(leased, { pods }))?.pods).toHaveLength(256)
  })

  it('seen again change nothing', () => {
    const run = after(leased, { pods: [pod()] })
    const again = seen({ at: at(3), jobs: [job()], leases: [lease], pods: [pod()] })
    expect(transition(run, again, plan)).toBeUndefined()
  })
})
