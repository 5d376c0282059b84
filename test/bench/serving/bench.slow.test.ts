import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Report } from '../report.ts'

it('the bench of serving prints one JSON document with a row for each thing that it measures', () => {
  const program = join(import.meta.dirname, 'bench.ts')
  const words = ['--import', 'tsx', program, '--json', '--quick', '--only=rendering,shifting']
  const ended = spawnSync(process.execPath, words, { encoding: 'utf8' })
  expect(ended.status, ended.stderr).toBe(0)
  const { bench, rows } = JSON.parse(ended.stdout) as Report
  expect(bench).toBe('serving')
  const metric = 'values and Application of an endpoint, each of 8 in 3 environments'
  const canary = 'a canary from 0 to 100 and back under load on the local cluster'
  expect(rows.map((one) => one.metric)).toEqual([
    ...[metric, metric],
    ...[`requests lost, ${canary}`, `requests answered, ${canary}`, `share and weight apart at the most, ${canary}`],
  ])
  const [first, second, lost, answered] = rows
  for (const one of [first, second, answered]) expect(one?.ours).toBeGreaterThan(0)
  expect(lost?.ours).toBe(0)
})
