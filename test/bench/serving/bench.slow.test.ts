import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Report } from '../report.ts'

it('the bench of serving prints one JSON document with a row for each thing that it measures', () => {
  const program = join(import.meta.dirname, 'bench.ts')
  const words = ['--import', 'tsx', program, '--json', '--quick', '--only=rendering']
  const ended = spawnSync(process.execPath, words, { encoding: 'utf8' })
  expect(ended.status, ended.stderr).toBe(0)
  const { bench, rows } = JSON.parse(ended.stdout) as Report
  expect(bench).toBe('serving')
  const metric = 'values and Application of an endpoint, each of 8 in 3 environments'
  expect(rows.map((one) => one.metric)).toEqual([metric, metric])
  for (const { ours } of rows) expect(ours).toBeGreaterThan(0)
})
