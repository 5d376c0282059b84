import { expect, it } from 'vitest'
import type { Run } from '../../domain/run.ts'
import { waitsForTime } from '../../reconciler/decide/clocked.ts'
import { transition } from '../../reconciler/transition.ts'
import { at, job, newRun, plan, pod, seen } from '../support/reconciler.ts'

const hour = { ttlSecondsAfterFinished: 3600 }

it.each<[string, Partial<Run>, boolean]>([
  ['runs', { state: 'RUNNING' }, false],
  ['was asked for something and remembers pods', { waitingSince: { 'asked grant-lease': '', 'pod of x': '' } }, false],
  ['waits for its next attempt', { state: 'PENDING', nextAttemptAt: at(60) }, true],
  ['whose trainer has said its end', { state: 'RUNNING', reason: 'Finishing' }, true],
  ['whose Job has vanished', { state: 'RUNNING', waitingSince: { vanished: at(1).toISOString() } }, true],
  ['whose image cannot be had', { state: 'QUEUED', waitingSince: { image: at(1).toISOString() } }, true],
])('a run that %s is looked at again soon: %s', async (_what, fields, soon) => {
  expect(waitsForTime({ ...(await newRun()), ...fields }, hour, at(10))).toBe(soon)
})

it('a run that has ended is looked at again when its retirement is near', async () => {
  const run = await newRun()
  const attempts = run.attempts.map((one) => ({ ...one, endedAt: at(0) }))
  const ended: Run = { ...run, state: 'SUCCEEDED', attempts }
  expect(waitsForTime(ended, hour, at(10))).toBe(false)
  expect(waitsForTime(ended, hour, at(3550))).toBe(true)
  const retired = attempts.map((one) => ({ ...one, retiredAt: at(3600) }))
  expect(waitsForTime({ ...ended, attempts: retired }, hour, at(3700))).toBe(false)
})

it('a run whose Job and pods are as they should be waits for nothing', async () => {
  const run = await newRun()
  const now = seen({ jobs: [job()], pods: [pod()] })
  const next = transition(run, now, plan)?.next ?? run
  expect(waitsForTime(next, plan, at(10))).toBe(false)
})
