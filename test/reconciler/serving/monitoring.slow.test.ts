import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ReleaseState } from '../../../domain/deployment.ts'
import { Fault } from '../../../domain/fault.ts'
import { memoryLiveState } from '../../../local/live.ts'
import type { ReconcilerPorts } from '../../../reconciler/ports.ts'
import { createServingLane, servingLaneTimes } from '../../../reconciler/serving/beside/lane.ts'
import { probeRoute } from '../../../reconciler/serving/beside/probe.ts'
import type { MeasuredWorkload } from '../../../reconciler/sources/measuring.ts'
import { openPrometheus } from '../../../reconciler/sources/prometheus/open.ts'
import { openRecords } from '../../../records/open.ts'
import { emptyTables, openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { later, sampleEndpoint, sampleVersion } from '../../support/records.ts'
import { behaviours, startMisbehaving } from '../../support/mlflow/misbehaving.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections()
})
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const never = new AbortController().signal
const workload: MeasuredWorkload = { namespace: 'ml', name: 'handbook', framework: 'fastapi', seconds: 60 }

describe('a Prometheus', () => {
  it.each(Object.entries(behaviours))('that %s is given up in bounded time and memory', async (_name, behaviour) => {
    const server = await startMisbehaving(behaviour)
    const source = openPrometheus({ url: server.url, milliseconds: 400 })
    await expect(source.measure(workload, never)).rejects.toMatchObject({ code: 'MEASURING_FAILED', retry: 'soon' })
    await server.close()
  })

  it('that is not there says so without the token', async () => {
    const source = openPrometheus({ url: 'http://127.0.0.1:9', token: 'a-secret' })
    const failed = source.measure(workload, never)
    await expect(failed).rejects.toMatchObject({ code: 'MEASURING_FAILED' })
    await expect(failed).rejects.not.toThrow(/a-secret/)
  })

  it('that sends us elsewhere is not followed', async () => {
    const asked: string[] = []
    const elsewhere = await serve((request, response) => (asked.push(request.url ?? ''), response.end()))
    const url = await serve((_, response) => response.writeHead(302, { location: `${elsewhere}/api/v1/query` }).end())
    await expect(openPrometheus({ url, token: 't' }).measure(workload, never)).rejects.toThrow(/sends us elsewhere/)
    expect(asked).toEqual([])
  })

  it.each([['file:///etc/passwd'], ['http://user:password@prometheus'], ['prometheus:9090'], ['']])(
    'at %j is refused',
    (url) => {
      expect(() => openPrometheus({ url })).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }) as Error)
    },
  )
})

describe('a probe', () => {
  it.each([
    [200, null],
    [401, null],
    [405, null],
    [404, /answers 404$/],
    [500, /answers 500$/],
    [503, /answers 503$/],
    [302, /sends us elsewhere/],
  ] as const)('of a route that answers %i finds %s', async (status, expected) => {
    const asked: string[] = []
    const base = await serve((request, response) => {
      asked.push(`${request.headers.host} ${request.url}`)
      response.writeHead(status, { location: 'http://169.254.169.254/' }).end('much text'.repeat(1000))
    })
    const found = await probeRoute(base, '/handbook', 2000, never)
    if (expected === null) expect(found).toBeNull()
    else expect(found).toMatch(expected)
    expect(asked).toEqual([`${new URL(base).host} /handbook`])
  })

  it('of one that does not answer ends in time', async () => {
    const base = await serve(() => undefined)
    expect(await probeRoute(base, '/handbook', 200, never)).toMatch(/does not answer in 0.2 s$/)
  })

  it('of one that nobody listens at says so', async () => {
    expect(await probeRoute('http://127.0.0.1:9', '/handbook', 2000, never)).toMatch(/cannot be reached/)
  })

  it.each([['//evil.example/x'], ['/\\evil.example/x'], ['/a@evil.example'], ['/../../x'], ['/%2e%2e/x']])(
    'of the route %j asks the configured host alone',
    async (route) => {
      const hosts: (string | undefined)[] = []
      const base = await serve((request, response) => (hosts.push(request.headers.host), response.end()))
      await probeRoute(base, route, 2000, never)
      expect(hosts).toEqual([new URL(base).host])
    },
  )
})

describe('beside the passes', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(() => emptyTables(database.pool))

  const endpoint = sampleEndpoint({ status: 'healthy', lastHealthCheck: null })
  const release: ReleaseState = {
    ...{ revision: 1, modelVersion: 1, modelDigest: sampleVersion().digest, status: 'active', health: 'healthy' },
    ...{ reason: '', message: '', url: null, weight: null },
  }
  const resource = {
    ...{
      framework: 'fastapi',
      resourceId: 'ml/handbook',
      namespace: 'ml',
      replicas: 1,
      minReplicas: 1,
      maxReplicas: 1,
    },
    ...{ autoscalingMetrics: null, resourceRequests: {}, resourceLimits: {}, status: {} },
  }
  const key = { environment: 'dev', project: 'language', name: 'handbook' }

  async function lane(more: Partial<ReconcilerPorts>) {
    const records = openRecords(database.pool)
    await records.endpoints.put(endpoint, resource, undefined, { releases: [release], takenBack: false })
    const logged: string[] = []
    let seconds = 100
    const ports: ReconcilerPorts = {
      ...{ records, live: memoryLiveState(() => later(seconds)), cluster: () => undefined },
      deploy: { read: () => Promise.reject(new Error('nothing is read')), log: async () => [] },
      operate: async () => [],
      mintToken: () => Promise.reject(new Error('no lease')),
      now: () => later(seconds),
      log: ({ message }) => logged.push(message),
      ...more,
    }
    const one = createServingLane(ports, { ...servingLaneTimes, everyMilliseconds: 0 })
    const round = async (): Promise<void> => {
      seconds += 30
      one.wake()
      await one.settled()
    }
    return { records, logged, round, stop: () => one.stop() }
  }

  it('what is measured is written with its deployment, and not again while it is the same', async () => {
    const asked: MeasuredWorkload[] = []
    const measured = { requests: 7, errorRate: 0, averageLatencyMilliseconds: 3 }
    const source = {
      address: 'http://prometheus',
      measure: async (one: MeasuredWorkload) => (asked.push(one), measured),
    }
    const { records, round, stop } = await lane({ measuring: () => source })
    await round()
    const first = await records.serving.ofRelease(key, 1)
    expect(first?.measured).toEqual({ ...measured, at: later(130) })
    expect(asked).toMatchObject([{ namespace: 'ml', name: 'handbook', framework: 'fastapi' }])
    await round()
    expect((await records.serving.ofRelease(key, 1))?.measured?.at).toEqual(later(130))
    await stop()
  })

  it('a monitoring that fails is told of once, leaves what was measured, and is asked again', async () => {
    let failing = true
    const source = {
      address: 'http://prometheus',
      measure: () =>
        failing
          ? Promise.reject(
              new Fault('MEASURING_FAILED', 'Prometheus at http://prometheus: nobody answers', { retry: 'soon' }),
            )
          : Promise.resolve({ requests: 1, errorRate: 0, averageLatencyMilliseconds: 1 }),
    }
    const { records, logged, round, stop } = await lane({ measuring: () => source })
    await round()
    await round()
    expect(logged).toEqual([
      'Prometheus at http://prometheus: nobody answers: requests, errors and latency of endpoints stay as they were',
    ])
    failing = false
    await round()
    expect((await records.serving.ofRelease(key, 1))?.measured).toMatchObject({ requests: 1 })
    await stop()
  })

  it('a route is probed at its address alone, and what came of it is with its endpoint', async () => {
    let status = 500
    const base = await serve((_, response) => response.writeHead(status).end())
    const { records, logged, round, stop } = await lane({ probes: (name) => (name === 'dev' ? base : undefined) })
    await round()
    expect((await records.endpoints.get(key))?.lastHealthCheck).toEqual(later(130))
    expect(logged).toEqual([`${base}/handbook answers 500`])
    status = 200
    await round()
    expect((await records.endpoints.get(key))?.lastHealthCheck).toEqual(later(160))
    await round()
    expect((await records.endpoints.get(key))?.lastHealthCheck).toEqual(later(160))
    await stop()
  })

  it('one that hangs keeps nobody from stopping', async () => {
    const source = {
      address: 'http://prometheus',
      measure: async (_one: MeasuredWorkload, signal: AbortSignal): Promise<never> => {
        signal.throwIfAborted()
        await once(signal, 'abort')
        throw signal.reason
      },
    }
    const { round, stop, logged } = await lane({ measuring: () => source })
    const hanging = round()
    await stop()
    await hanging
    expect(logged).toEqual([])
  })
})
