import { beforeAll, describe, expect, it } from 'vitest'
import type { RunObservation, SeenApplication, SeenJob } from '../../domain/observation.ts'
import { hangingOf, type Run } from '../../domain/run.ts'
import { defaultRules } from '../../reconciler/decide/rules.ts'
import { seenJob } from '../../reconciler/sources/kubernetes/projection/job.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, complete, done, exited, job, lease, ledgerRun, newRun, plan, pod, seen } from '../support/reconciler.ts'

/* Jobs that should be gone and are not. */

const patience = defaultRules.pruneGraceSeconds
let ended: Run
let running: Run
const through = (run: Run, observations: readonly RunObservation[]) => {
  const told: string[] = []
  let now = run
  for (const observation of observations) {
    const next = transition(now, observation, plan)
    told.push(...(next?.events.map(({ reason, message }) => `${reason}: ${message}`) ?? []))
    now = next?.next ?? now
  }
  return { run: now, told }
}
beforeAll(async () => {
  const said = [done('SUCCEEDED')]
  const over = [complete(9)]
  running = through(await newRun(), [
    seen({ jobs: [job()] }),
    seen({ jobs: [job()], pods: [pod()], leases: [lease] }),
  ]).run
  ended = through(running, [seen({ jobs: [job({ conditions: over })], pods: [exited(0)], leases: [lease], said })]).run
})

const retired = {
  ...ledgerRun,
  ...({ status: 'ended', outcome: 'SUCCEEDED' } as const),
  attempts: ledgerRun.attempts.map((one) => ({ ...one, retired: true })),
}
const deleted = (finalizers: readonly string[]): SeenJob =>
  job({ conditions: [complete(9)], deletionRequestedAt: at(100), finalizers })
const later = (seconds: number, more: Partial<RunObservation>): RunObservation =>
  seen({ at: at(seconds), ledger: retired, leases: [lease], ...more })

describe('a Job that was told to go', () => {
  it('and goes within its time is told by nobody', () => {
    const { told, run } = through(ended, [later(101, { jobs: [deleted(['foregroundDeletion'])] }), later(110, {})])
    expect(told).toEqual([])
    expect(hangingOf(run)).toEqual([])
  })

  it('and is still there a moment after what held it is gone is not told again', () => {
    const held = later(100 + patience, { jobs: [deleted(['foregroundDeletion', 'example.com/hold'])] })
    const freed = (seconds: number) => later(seconds, { jobs: [deleted(['foregroundDeletion'])] })
    const { told, run } = through(ended, [held, freed(101 + patience), freed(102 + patience)])
    expect(told).toHaveLength(1)
    expect(hangingOf(run)).toMatchObject([{ attempt: 1, since: at(100 + patience) }])
    expect(hangingOf(through(run, [later(4001, {})]).run)).toEqual([])
  })

  it('and is there without any cause that is seen says so', () => {
    const { told } = through(ended, [later(100 + patience, { jobs: [deleted([])] })])
    expect(told).toEqual([expect.stringContaining('nothing that is seen here says what it waits for')])
  })

  it('and does not is told once, with the finalizer that holds it, and forgotten when it is gone', () => {
    const held = (seconds: number) => later(seconds, { jobs: [deleted(['foregroundDeletion', 'example.com/hold'])] })
    const { told, run } = through(ended, [held(101), held(100 + patience - 1), held(100 + patience), held(4000)])
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(
      /^PruneHangs: Job letters-\S+ was told to go and is still there: finalizer example.com\/hold/,
    )
    expect(hangingOf(run)).toMatchObject([{ attempt: 1, since: at(100 + patience) }])
    expect(run.state).toBe('SUCCEEDED')
    expect(hangingOf(through(run, [later(4001, {})]).run)).toEqual([])
  })

  it('is told again where it waits for something else', () => {
    const first = later(1000, {
      jobs: [deleted(['foregroundDeletion'])],
      pods: [pod({ deletionRequestedAt: at(100) })],
    })
    const second = later(1001, { jobs: [deleted(['example.com/hold'])] })
    const { told, run } = through(ended, [first, second, second])
    expect(told.map((one) => one.split(': ').at(-1))).toEqual([
      'pod pod-1 is still on node node-1; if that node will not come back, delete the pod by force',
      'finalizer example.com/hold is on it; if nobody removes it who should, remove it by hand',
    ])
    expect(hangingOf(run)).toHaveLength(1)
  })

  it('holds up a cancellation no longer than that', () => {
    const cancelling = { ...ledgerRun, status: 'cancelling', cancelReason: 'REQUESTED' } as const
    const held = job({ deletionRequestedAt: at(100), finalizers: ['example.com/hold'] })
    const look = (seconds: number) => seen({ at: at(seconds), ledger: cancelling, leases: [lease], jobs: [held] })
    const waiting = through(running, [look(101), look(100 + patience - 1)]).run
    expect(waiting).toMatchObject({ state: 'RUNNING', reason: 'CANCELLING' })
    expect(through(waiting, [look(100 + patience)]).run).toMatchObject({ state: 'CANCELLED', reason: 'REQUESTED' })
    // Pods that live are waited for.
    const living = { ...look(100 + patience), pods: [pod()] }
    const still = through(waiting, [living]).run
    expect(still).toMatchObject({ state: 'RUNNING', reason: 'CANCELLING' })
    expect(still.message).toContain('example.com/hold')
  })
})

describe('a Job that has no manifest any more and that nobody told to go', () => {
  const application: SeenApplication = {
    ...{ name: 'dev.language.jobs', appliedRevision: null, phase: 'Running', operation: null },
    message: 'waiting for deletion of Job other',
  }
  const waiting = (seconds: number, message = application.message) =>
    later(seconds, { jobs: [job({ conditions: [complete(9)] })], application: { ...application, message } })

  it('is told once with what Argo CD says, whatever that says next', () => {
    const { told } = through(ended, [waiting(200), waiting(200 + patience), waiting(200 + patience + 1, 'retrying')])
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(
      /^PruneWaits: .*Application dev.language.jobs, which says: waiting for deletion of Job other$/,
    )
  })

  it('is no ghost: one that somebody made again is told as that', () => {
    const ghost = later(200, { jobs: [job({ uid: 'job-2', conditions: [complete(9)] })], application })
    const { told } = through(ended, [ghost, { ...ghost, at: at(200 + patience) }])
    expect(told.map((one) => one.split(':')[0])).toEqual(['GhostJob'])
  })

  it('leaves nothing in the record once it is gone', () => {
    const { run } = through(ended, [waiting(200), waiting(200 + patience), later(1000, {})])
    expect(Object.keys(run.waitingSince).filter((key) => /hanging|manifest/.test(key))).toEqual([])
  })
})

it('finalizers are kept of Jobs that are told to go alone', () => {
  const labels = { 'job-id': plan.id, 'specyard.dev/attempt': '1' }
  const metadata = { uid: 'job-1', labels, finalizers: ['example.com/hold'] }
  expect(seenJob({ metadata })?.finalizers).toBeUndefined()
  const going = { ...metadata, deletionTimestamp: at(100).toISOString() }
  expect(seenJob({ metadata: going })?.finalizers).toEqual(['example.com/hold'])
})
