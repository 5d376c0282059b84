import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPrometheus } from '../../../reconciler/sources/prometheus/open.ts'
import { until } from '../../support/main-job/conditions.ts'

/* What a real Prometheus (Debian's package `prometheus`) says of a server that exposes what the serving app does. */

const counts = { ok: 0, failed: 0, seconds: 0 }
let exporter: Server
let prometheus: ChildProcess
let folder: string
let url: string

beforeAll(async () => {
  exporter = createServer((_request, response) => {
    response.end(`http_requests_total{method="POST",status="200"} ${counts.ok}
http_requests_total{method="POST",status="500"} ${counts.failed}
http_request_duration_seconds_sum{method="POST"} ${counts.seconds}
http_request_duration_seconds_count{method="POST"} ${counts.ok + counts.failed}
`)
  }).listen(0, '127.0.0.1')
  await once(exporter, 'listening')
  folder = mkdtempSync(join(tmpdir(), 'specyard-prometheus-'))
  const target = `127.0.0.1:${(exporter.address() as AddressInfo).port}`
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `scrape_configs:
  - job_name: handbook
    scrape_interval: 1s
    static_configs: [{ targets: ["${target}"], labels: { namespace: ml, service: handbook } }]
`,
  )
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const words = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`]
  prometheus = spawn(process.env['PROMETHEUS'] || 'prometheus', words, { cwd: folder, stdio: 'ignore' })
  const failed = once(prometheus, 'error').then(([error]) => Promise.reject(error as Error))
  const answers = async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok
  await Promise.race([until(`Prometheus answers at ${url}`, answers, 60), failed])
})
afterAll(async () => {
  prometheus.kill('SIGTERM')
  await once(prometheus, 'exit')
  exporter.close()
  rmSync(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const workload = { namespace: 'ml', name: 'handbook', framework: 'fastapi', seconds: 120 }
const measure = (changes = {}) =>
  openPrometheus({ url }).measure({ ...workload, ...changes }, AbortSignal.timeout(10_000))

it('requests, errors and latency are those that callers met', async () => {
  await until('a first scrape', async () => (await measure()) !== null, 60)
  Object.assign(counts, { ok: 30, failed: 10, seconds: 2 })
  // The rate over a time is extended to its ends: the numbers are near, their ratios exact.
  let measured = await measure()
  const met = async () => ((measured = await measure())?.requests ?? 0) >= 40
  await until('what was counted since', met, 60)
  expect(measured?.requests).toBeLessThan(120)
  expect(measured?.errorRate).toBeCloseTo(0.25, 5)
  expect(measured?.averageLatencyMilliseconds).toBeCloseTo(50, 3)
})

it.each([
  ['another name', { name: 'handbook-candidate' }],
  ['another namespace', { namespace: 'other' }],
  ['another framework', { framework: 'kserve' }],
])('of %s nothing was counted', async (_what, changes) => {
  expect(await measure(changes)).toBeNull()
})
