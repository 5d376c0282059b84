import { describe, expect, it } from 'vitest'
import { humanComparison } from '../../cli/impact/human.ts'
import { askedMax, remembered } from '../../cli/impact/run-memory.ts'
import { estimateText, progressText, stopText, valueText } from '../../cli/impact/words.ts'
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

describe('a value that is another one', () => {
  it.each([
    ['stands as it is', 'debug', 'debug'],
    ['of several lines stands on one', 'one\n\nStops\n  all', '"one\\n\\nStops\\n  all"'],
    ['that is an empty text is seen', '', '""'],
    ['that is nothing is none', null, 'none'],
    ['that is long is cut in its middle', 'x'.repeat(99), `${'x'.repeat(29)}…${'x'.repeat(30)}`],
  ])('%s', (_sentence, value, expected) => {
    expect(valueText(value)).toBe(expected)
  })
})

it('what a policy says on several lines is told apart from other lines', () => {
  const comparison = compared([gpuTraining('letters')], nothing)
  const warning = { code: 'POLICY_WARNED', severity: 'warning', where: { file: 'a', line: 1, column: 1 } } as const
  const policy = [{ ...warning, message: 'first\nStops' }]
  const impact = { ...comparison.difference.impact, policy }
  const difference = { ...comparison.difference, impact }
  expect(humanComparison({ ...comparison, difference }, { head: [], base: [] }, undefined)).toContain(
    '    first\n      Stops\n',
  )
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
