import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Report } from '../report.ts'

it('the bench of the compiler prints one JSON document with a row for each thing that it measures', () => {
  const program = join(import.meta.dirname, 'bench.ts')
  const ended = spawnSync(process.execPath, ['--import', 'tsx', program, '--json', '--quick'], { encoding: 'utf8' })
  expect(ended.status, ended.stderr).toBe(0)
  const { bench, rows } = JSON.parse(ended.stdout) as Report
  expect(bench).toBe('compile')
  const inProcess = 'compile in process, per spec of 20'
  expect(rows.map((one) => one.metric)).toEqual([
    ...[inProcess, inProcess, inProcess],
    ...Array.from({ length: 3 }, () => 'specyard compile --to, 20 specs'),
    'memory of it, 20 specs',
    'the same after one changed file, 20 specs',
    ...Array.from({ length: 3 }, () => 'specyard compile --to, 40 specs'),
    'memory of it, 40 specs',
    'the same after one changed file, 40 specs',
    'specs of 40 a second',
    ...['specyard check, one spec', 'specyard check, one spec'],
    "check 20 rendered Jobs against Kubernetes' schemas and rules",
    ...['commit 20 of 20 files', 'commit 1 of 20 files'],
    ...['pushes', 'commits lost', 'commits'].map((what) => `8 writers x 15 commits on one branch: ${what}`),
    expect.stringMatching(/^problems at the exact place, of \d+ mutations$/),
  ])
  for (const { ours, metric } of rows.filter((one) => !one.metric.endsWith('lost')))
    expect(ours, metric).toBeGreaterThan(0)
  expect(rows.at(-1)?.ours).toBe(100)
})
