import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  apiJob,
  byUid,
  fakeServer,
  following,
  type Following,
  freshJobs,
  jobsPath,
  namespace,
  runId,
} from '../../support/kubernetes/connect.ts'
import type { FakeApiServer } from '../../support/kubernetes/fake-api-server.ts'
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'

/** Each fault is mended within so long; with the usual times it is 30 s. */
const mendedMilliseconds = 6000

let server: FakeApiServer
beforeEach(async () => {
  server = await fakeServer()
  for (let number = 1; number <= 3; number += 1) server.put(jobsPath, apiJob(number))
})

async function untilEqual(connected: Following): Promise<void> {
  await vi.waitFor(async () => expect(byUid((await connected.view()).jobs)).toEqual(freshJobs(server)), {
    timeout: mendedMilliseconds,
    interval: 20,
  })
}

function changeEverything(): void {
  server.put(jobsPath, apiJob(1, { active: 1, ready: 1 }))
  server.remove(jobsPath, 'job-2')
  server.put(jobsPath, apiJob(9))
}

const requested = (pattern: RegExp): number => server.requests.filter((one) => pattern.test(one)).length
const listsOfJobs = (): number => requested(/\/jobs\?limit/)

describe('our view equals a fresh list', () => {
  it('at the first look', async () => {
    const connected = await following(server.kubeconfig())
    expect(byUid((await connected.view()).jobs)).toEqual(freshJobs(server))
    expect((await connected.view()).jobs).toHaveLength(3)
  })

  it('after changes, each told by the run that it concerns', async () => {
    const connected = await following(server.kubeconfig())
    await connected.view()
    changeEverything()
    await untilEqual(connected)
    for (const number of [1, 2, 9]) expect(connected.keys).toContain(JSON.stringify({ runId: runId(number) }))
    expect(listsOfJobs()).toBe(1)
  })

  it('when the list has many pages, and one page expires while it is read', async () => {
    for (let number = 10; number < 1260; number += 1) server.put(jobsPath, apiJob(number))
    server.behave({ expiredPages: 1 })
    const connected = await following(server.kubeconfig())
    await untilEqual(connected)
    expect((await connected.view()).jobs).toHaveLength(1253)
    expect(requested(/\/jobs\?.*continue=/)).toBeGreaterThanOrEqual(3)
  })

  const faults: readonly (readonly [sentence: string, fault: () => void, mend: (() => void) | null])[] = [
    ['when the server breaks the watch within a line', () => server.cutWatches(), null],
    [
      'when the history is told as gone within the stream',
      () => {
        server.compact()
        server.expireWatches()
      },
      null,
    ],
    ['when every event comes twice', () => server.behave({ repeats: true }), null],
    [
      'when the server writes what is no event',
      () => server.behave({ garbage: '{"type":' }),
      () => server.behave({ garbage: null }),
    ],
    [
      'when the server fails for a while',
      () => {
        server.behave({ status: 500 })
        server.cutWatches()
      },
      () => server.behave({ status: null }),
    ],
    [
      'when the server asks for patience for a while',
      () => {
        server.behave({ status: 429 })
        server.cutWatches()
      },
      () => server.behave({ status: null }),
    ],
    [
      'when watches end as soon as they have begun',
      () => {
        server.behave({ endsWatchesAtOnce: true })
        server.cutWatches()
      },
      () => server.behave({ endsWatchesAtOnce: false }),
    ],
    [
      'when a watch drips and never ends',
      () => {
        server.behave({ drips: true })
        server.cutWatches()
      },
      () => server.behave({ drips: false }),
    ],
    ['when only bookmarks came for a while', () => server.bookmark(), null],
  ]
  it.each(faults)('%s', async (_sentence, fault, mend) => {
    const connected = await following(server.kubeconfig())
    await connected.view()
    await vi.waitFor(() => expect(server.openWatches()).toBe(4))
    fault()
    changeEverything()
    if (mend) {
      await vi.waitFor(
        () => expect(connected.staleness().some((one) => one.failures > 0 || one.watches > 3)).toBe(true),
        {
          timeout: mendedMilliseconds,
        },
      )
      mend()
    }
    await untilEqual(connected)
    const view = await connected.view()
    expect(new Set(view.jobs.map((one) => one.uid)).size).toBe(view.jobs.length)
  })

  it('after a new full list, which is read when it is due', async () => {
    const connected = await following(server.kubeconfig(), { times: { relistMilliseconds: 100 } })
    await connected.view()
    await vi.waitFor(() => expect(listsOfJobs()).toBeGreaterThan(2), { timeout: 10_000 })
    await untilEqual(connected)
  })

  it('after a bookmark it goes on from there, so that older history may be forgotten', async () => {
    const connected = await following(server.kubeconfig())
    await connected.view()
    await vi.waitFor(() => expect(server.openWatches()).toBe(4))
    server.put('/api/v1/namespaces/elsewhere/pods', apiJob(5))
    server.bookmark()
    server.compact()
    const before = connected.staleness().reduce((sum, one) => sum + one.watches, 0)
    await vi.waitFor(
      () => expect(connected.staleness().reduce((sum, one) => sum + one.watches, 0)).toBeGreaterThan(before + 3),
      { timeout: 5000 },
    )
    expect(listsOfJobs()).toBe(1)
    changeEverything()
    await untilEqual(connected)
  })
})

describe('by way of a connection that fails', () => {
  let proxy: TcpProxy
  beforeEach(async () => {
    proxy = await openTcpProxy(server.url)
    return () => proxy.close()
  })
  const connect = () => following(server.kubeconfig(proxy.url.replace(/\/$/, '')))

  it('our view equals a fresh list after connections stood half open and told nothing', async () => {
    const connected = await connect()
    await connected.view()
    proxy.hold()
    changeEverything()
    await untilEqual(connected)
  })

  it('our view equals a fresh list after the network was away and came back', async () => {
    const connected = await connect()
    await connected.view()
    await proxy.cut()
    changeEverything()
    await vi.waitFor(() => expect(connected.logged.join()).toContain('failed and is tried again'), { timeout: 5000 })
    await proxy.restore()
    await untilEqual(connected)
    await vi.waitFor(() => expect(connected.logged.at(-1)).toContain('is followed again'), { timeout: 5000 })
    // One warning for the whole cluster, not one for each collection and try.
    expect(connected.logged).toHaveLength(2)
    expect(connected.keys).toContain('{"everything":true}')
  })

  it('a cluster that was never reached is CLUSTER_UNREACHABLE, and seen once it is there', async () => {
    await proxy.cut()
    const connected = await connect()
    await expect(connected.view()).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE', retry: 'soon' })
    await proxy.restore()
    await untilEqual(connected)
  })
})

describe('what cannot be followed', () => {
  it('is CLUSTER_REFUSED when the API server forbids it, with what it forbids', async () => {
    server.behave({ status: 403 })
    const connected = await following(server.kubeconfig())
    await expect(connected.view()).rejects.toMatchObject({
      code: 'CLUSTER_REFUSED',
      message: expect.stringContaining(`following jobs in ${namespace}`) as string,
    })
    server.behave({ status: null })
    await untilEqual(connected)
  })

  it('for a moment only, as by an API server that has just started, is followed again in seconds', async () => {
    const connected = await following(server.kubeconfig(), { times: { refusedMilliseconds: 60_000 } })
    await connected.view()
    server.behave({ status: 403 })
    server.cutWatches()
    changeEverything()
    const refusals = () => Math.max(...connected.staleness().map((one) => one.failures))
    await vi.waitFor(() => expect(refusals()).toBeGreaterThan(2), { timeout: 5000 })
    server.behave({ status: null })
    await untilEqual(connected)
  })

  it('stays CLUSTER_REFUSED from list to list when it may be listed and not watched, until a watch stands', async () => {
    server.behave({ unwatchable: jobsPath })
    const connected = await following(server.kubeconfig())
    const refusals = () => Math.max(...connected.staleness().map((one) => one.failures))
    await vi.waitFor(() => expect(refusals()).toBeGreaterThan(3), { timeout: 5000 })
    expect(listsOfJobs()).toBeGreaterThan(2)
    await expect(connected.view()).rejects.toMatchObject({ code: 'CLUSTER_REFUSED' })
    // No list between two refusals was taken for the end of them.
    expect(connected.logged).toEqual([expect.stringContaining('failed and is tried again')])
    server.behave({ unwatchable: null })
    await vi.waitFor(() => expect(connected.logged.at(-1)).toContain('is followed again'), { timeout: 5000 })
    await untilEqual(connected)
  })

  it('never shows the token', async () => {
    server.behave({ status: 401 })
    const connected = await following(server.kubeconfig())
    const error: unknown = await connected.view().catch((caught: unknown) => caught)
    expect(JSON.stringify([error, String(error), connected.logged, connected.staleness()])).not.toContain('canary')
  })

  it('is empty where the cluster does not know the kind, as without Argo CD', async () => {
    const connected = await following(server.kubeconfig(), { argocdNamespace: 'argocd' })
    expect((await connected.view()).applications).toEqual([])
    expect(connected.logged).toEqual([])
  })

  it('a kubeconfig that is not there, is none, or has no such context is SETTINGS_INVALID', async () => {
    await expect(following('/nowhere/kubeconfig')).rejects.toMatchObject({ code: 'SETTINGS_INVALID' })
    await expect(following(import.meta.filename)).rejects.toMatchObject({ code: 'SETTINGS_INVALID' })
  })
})

describe('an idle cluster', () => {
  it('is asked for nothing but the next watches, and tells no change', async () => {
    const connected = await following(server.kubeconfig())
    await connected.view()
    const began = server.requests.length
    const keys = connected.keys.length
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(began + 8), { timeout: 10_000 })
    const others = server.requests.slice(began).filter((one) => !one.startsWith('GET ') || !one.includes('watch=true'))
    // Whether Kueue, KServe or KubeRay has been installed by now.
    const groups = ['kueue.x-k8s.io', 'serving.kserve.io', 'ray.io'].map((group) => `GET /apis/${group}`)
    expect(others.filter((one) => !groups.includes(one))).toEqual([])
    expect(connected.keys).toHaveLength(keys)
  })

  it('is known as fresh all the time', async () => {
    const connected = await following(server.kubeconfig())
    await connected.view()
    const absent = /^(workloads|inferenceservices|rayservices) /
    const followed = () => connected.staleness().filter((one) => !absent.test(one.name))
    await vi.waitFor(() => expect(followed().every((one) => one.watches > 2)).toBe(true), { timeout: 10_000 })
    for (const one of connected.staleness()) expect(one.ageSeconds).toBeLessThan(10)
  })
})
