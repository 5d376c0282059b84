import { describe, expect, it } from 'vitest'
import { askedMax, remembered } from '../../cli/impact/run-memory.ts'
import { estimateText, progressText, stopText } from '../../cli/impact/words.ts'
import { compile } from '../../compiler/compile.ts'
import { applied } from '../../compiler/impact/applied.ts'
import type { KnownRuns, StoppedRun } from '../../compiler/impact/statement.ts'
import { nothing } from '../support/compiler.ts'
import { compared, gpuTraining, inputOf, running } from '../support/impact.ts'

const estimateOf = (resources: string): string => {
  const [start] = compared([gpuTraining('letters', '', `resources: ${resources}`)], nothing).difference.impact.starts
  return start ? estimateText(start.estimate) : ''
}
const stopped = (resources: string, known?: KnownRuns): StoppedRun => {
  const input = inputOf([gpuTraining('letters', '', `resources: ${resources}`)])
  const deployed = applied(nothing, compile({ ...input, deployed: nothing }).change)
  const [stop] = compared([], deployed, known).difference.impact.stops
  if (!stop) throw new Error('nothing stops')
  return stop
}

describe('GPUs', () => {
  it.each([
    ['of a type are told by it', '{ gpus: 2, gpuType: A100 }', /^2 A100: /, 'superseded, frees 2 A100'],
    ['of no type are told as GPUs', '{ gpus: 2 }', /^2 GPUs: /, 'superseded, frees 2 GPUs'],
    ['one of no type is told as one', '{ gpus: 1 }', /^1 GPU: /, 'superseded, frees 1 GPU'],
    ['that are none are told as none', '{ gpus: 0 }', /^no GPUs; /, 'superseded'],
  ])('%s', (_sentence, resources, estimate, stop) => {
    expect(estimateOf(resources)).toMatch(estimate)
    expect(stopText({ ...stopped(resources), why: 'SUPERSEDED' })).toBe(stop)
  })
})

it('of more runs than are looked for those are that have the most GPUs, and of the others that is said', async () => {
  const one = stopped('{ gpus: 1, gpuType: A100 }')
  const stops = Array.from({ length: askedMax + 2 }, (_, index) => ({ ...one, runId: `run ${index}`, gpus: index }))
  const asked: string[] = []
  const memory = {
    progress: (runId: string) => Promise.resolve(void asked.push(runId) as undefined),
    pastHours: () => Promise.resolve([]),
  }
  const { unasked, progress } = await remembered(memory, { starts: [], stops })
  expect([asked.length, asked[0], unasked, progress.size]).toEqual([
    askedMax,
    `run ${askedMax + 1}`,
    new Set(['run 1', 'run 0']),
    0,
  ])
  const known = { progress, pastHours: new Map(), unasked: new Set([one.runId]) }
  expect(progressText(stopped('{ gpus: 1, gpuType: A100 }', known), 'now')).toBe(
    'how far it is: not looked up, so many runs stop',
  )
  expect(progressText({ progress: running }, 'now')).toMatch(/^RUNNING, attempt 2/)
})
