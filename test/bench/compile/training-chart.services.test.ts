import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { renderedJobs } from './rendered-jobs.ts'
import { writeTrainingChart } from './training-chart.ts'

const helm = process.env['HELM'] || 'helm'
// Among them an environment of each kind, each number of GPUs, and each project.
const trainings = 8
const folder = mkdtempSync(join(tmpdir(), 'specyard-training-chart-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('what the bench has Helm do', () => {
  const { chart, values } = writeTrainingChart(folder, trainings)

  it('is a values file for each training', () => {
    expect(values).toHaveLength(trainings)
  })

  it.each(renderedJobs(trainings).map((text, index) => ({ index, text })))(
    'makes the very Job that the compiler makes of training $index',
    ({ index, text }) => {
      const words = ['template', 'bench', chart, '--kube-version', '1.34.0', '--values', values[index] ?? '']
      expect(parse(execFileSync(helm, words, { encoding: 'utf8' }))).toEqual(parse(text))
    },
  )
})
