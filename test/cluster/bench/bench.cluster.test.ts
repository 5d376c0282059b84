import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { inject, it, expect } from 'vitest'
import { runTypescript } from '../base/typescript.ts'
import type { Report } from '../../bench/report.ts'

it('the bench of the cluster prints one JSON document with a row for each thing that it measures', () => {
  const program = join(import.meta.dirname, '..', '..', 'bench', 'cluster', 'bench.ts')
  // Without what takes a build of a program that nothing else here needs.
  const words = ['--json', '--quick', '--only=delivery,changes,idle']
  const printed = execFileSync(process.execPath, runTypescript(program, words), {
    env: { ...process.env, SPECYARD_CLUSTER: inject('clusterFolder') },
    encoding: 'utf8',
    timeout: 600_000,
  })
  const { bench, rows } = JSON.parse(printed) as Report
  expect(bench).toBe('cluster')
  expect(rows.map(({ metric }) => metric)).toEqual([
    'commit of one spec to Argo CD asked for their Jobs',
    'commit of 20 specs to Argo CD asked for their Jobs',
    'status change at the API server to row and event, 20 a second, p50',
    'status change at the API server to row and event, 20 a second, p99',
    'rows of PostgreSQL, in 10 idle seconds',
    'commands to Redis that write, in 10 idle seconds',
    'Git repositories that changed, in 10 idle seconds',
    'requests to the API server that write, but for the Lease, in 10 idle seconds',
  ])
  for (const { metric, ours, peer, peerName } of rows.slice(0, 4)) {
    expect(ours, metric).toBeGreaterThan(0)
    expect(peer, `${metric}: ${peerName}`).toBeGreaterThan(0)
  }
  for (const { metric, ours } of rows.slice(4)) expect(ours, metric).toBeGreaterThanOrEqual(0)
}, 700_000)
