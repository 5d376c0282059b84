import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Report } from './report.ts'

it('the bench prints one JSON document with a row for each thing that it measures', () => {
  const program = join(import.meta.dirname, 'bench.ts')
  const ended = spawnSync(process.execPath, ['--import', 'tsx', program, '--json', '--quick'], { encoding: 'utf8' })
  expect(ended.status, ended.stderr).toBe(0)
  const { bench, machine, rows } = JSON.parse(ended.stdout) as Report
  expect(bench).toBe('bench')
  expect(machine['node']).toBe(process.version)
  expect(rows.map((one) => one.metric)).toEqual([
    'compile 20 training specs, first in a process',
    'compile 20 training specs in a process, beside forks',
    'compile 20 training specs in a process, beside a library',
    'compile 20 training specs in a process, one file changed',
    'specyard compile --to, 20 training specs',
    'specyard compile --to, 20 training specs, one file changed',
    'specyard compile --to, 200 training specs, two in a file',
    'specyard publish, 20 specs, no change',
    'callbacks over HTTP into PGlite',
    'callbacks over HTTP into PostgreSQL',
  ])
  for (const { ours, metric } of rows.filter((one) => !one.metric.endsWith('PostgreSQL')))
    expect(ours, metric).toBeGreaterThan(0)
})
