import { Agent, request } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { SeenEndpoint } from '../../domain/observation.ts'
import { eventually, handMadeDeploy, livesNow, openTestCluster, type TestCluster } from '../support/local.ts'
import { endpointFiles } from '../support/local-manifests.ts'

/** Answers with its model and process id after a moment, and ends only when it has answered everything. */
const server = `
  const { createServer } = require('node:http')
  const server = createServer((request, response) => {
    request.resume().on('end', () => setTimeout(() => response.end(process.env.MODEL_DIGEST + ' ' + process.pid), 5))
  }).listen(Number(process.env.PORT), process.env.HOST)
  process.on('SIGTERM', () => server.close(() => process.exit(0)))`

const release = (digest: string, script = server) => ({
  model: { digest },
  command: ['node', '-e', script],
  env: [{ name: 'MODEL_DIGEST', value: digest }],
  probe: { path: '/healthz', initialDelaySeconds: 0, periodSeconds: 1 },
  terminationGracePeriodSeconds: 2,
})
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

async function seen(test: TestCluster): Promise<SeenEndpoint | undefined> {
  return (await test.cluster.view('dev')).endpoints[0]
}

async function settled(test: TestCluster, replicas: number, candidates: number | null): Promise<SeenEndpoint> {
  return eventually(`${replicas} processes and ${candidates ?? 'no'} candidates`, async () => {
    const one = await seen(test)
    const isStable = one?.readyReplicas === replicas && one.current && one.reason === 'MinimumReplicasAvailable'
    const beside = one?.candidate
    const isBeside = candidates === null ? !beside : beside?.readyReplicas === candidates && beside.current
    return isStable && isBeside && one
  })
}

async function ask(url: string, headers: Record<string, string> = {}): Promise<{ digest: string; pid: number }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/generate`, { agent, headers, method: 'POST' }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('error', reject)
      response.on('end', () => {
        const [digest = '', pid = ''] = text.split(' ')
        if (response.statusCode === 200) resolve({ digest, pid: Number(pid) })
        else reject(new Error(`${response.statusCode}: ${text}`))
      })
    })
    asked.on('error', reject)
    asked.end('a body')
  })
}

async function started(files: Record<string, string>) {
  const deploy = handMadeDeploy(files)
  const test = openTestCluster(deploy)
  await test.cluster.start()
  return { deploy, test }
}

describe('replicas and candidates on the local cluster', () => {
  it('an endpoint has as many processes as its replicas, which take turns, and loses those that are too many', async () => {
    const { deploy, test } = await started(endpointFiles(server, 'sha256:one', { replicas: { min: 3, max: 3 } }))
    const endpoint = await settled(test, 3, null)
    expect(endpoint.replicas).toBe(3)
    const pids = new Set<number>()
    for (let count = 0; count < 9; count += 1) pids.add((await ask(endpoint.url ?? '')).pid)
    expect(pids.size).toBe(3)
    deploy.set(endpointFiles(server, 'sha256:one', { replicas: { min: 1, max: 3 } }))
    await settled(test, 1, null)
    await eventually('two of them to end', () => [...pids].filter(livesNow).length === 1)
    expect(pids.has((await ask(endpoint.url ?? '')).pid)).toBe(true)
  })

  it('loses no request while a candidate comes, gets all of them, becomes the stable release and goes', async () => {
    const files = (more: object, digest = 'sha256:one') =>
      endpointFiles(server, digest, { replicas: { min: 2 }, ...more })
    const beside = (weight: number) => ({
      candidate: { weight, revision: 2, ...release('sha256:two'), replicas: { min: 2 } },
    })
    const { deploy, test } = await started(files({}))
    const { url } = await settled(test, 2, null)
    const answers: string[] = []
    const failures: string[] = []
    let isOver = false
    const clients = Array.from({ length: 8 }, async () => {
      while (!isOver)
        await ask(url ?? '').then(
          ({ digest }) => answers.push(digest),
          (error: Error) => failures.push(error.message),
        )
    })
    const shareOf = async (): Promise<number> => {
      const from = answers.length
      await eventually('400 answers', () => answers.length >= from + 400)
      const those = answers.slice(from, from + 400)
      return (100 * those.filter((one) => one === 'sha256:two').length) / those.length
    }
    deploy.set(files(beside(0)))
    await settled(test, 2, 2)
    expect(await shareOf()).toBe(0)
    expect((await ask(url ?? '', { 'x-specyard-track': 'candidate' })).digest).toBe('sha256:two')
    for (const weight of [25, 50, 100]) {
      const commit = deploy.set(files(beside(weight)))
      await eventually(`${weight} % to be applied`, () => test.cluster.behind(commit).length === 0)
      await eventually(`the candidate to get ${weight} %`, async () => Math.abs((await shareOf()) - weight) <= 1)
    }
    deploy.set(files(beside(100), 'sha256:two'))
    await settled(test, 2, 2)
    deploy.set(files({}, 'sha256:two'))
    await settled(test, 2, null)
    // What was under way when the last of the old processes got no more requests is answered by it.
    await eventually('all requests to go to the new release', async () => (await shareOf()) === 100)
    deploy.set(files({ candidate: { weight: 50, revision: 3, ...release('sha256:one') } }, 'sha256:two'))
    await settled(test, 2, 1)
    deploy.set(files({}, 'sha256:two'))
    await settled(test, 2, null)
    isOver = true
    await Promise.all(clients)
    expect(failures).toEqual([])
  })

  it('a change of weight or route starts no process anew', async () => {
    const beside = (weight: number) => ({ candidate: { weight, ...release('sha256:two') } })
    const { deploy, test } = await started(endpointFiles(server, 'sha256:one', beside(50)))
    const { url } = await settled(test, 1, 1)
    const pids = async () =>
      new Set(await Promise.all(Array.from({ length: 20 }, async () => (await ask(url ?? '')).pid)))
    const before = await pids()
    expect(before.size).toBe(2)
    const commit = deploy.set(endpointFiles(server, 'sha256:one', { ...beside(30), route: '/other' }))
    await eventually('the change to be applied', () => test.cluster.behind(commit).length === 0)
    const moved = await settled(test, 1, 1)
    expect(moved.url).toMatch(/\/other$/)
    expect(await pids()).toEqual(before)
  })

  it('a candidate that crashes gets nothing, is told as failing, and leaves the stable release alone', async () => {
    const broken = release('sha256:two', "console.error('no such model'); process.exit(4)")
    const { deploy, test } = await started(
      endpointFiles(server, 'sha256:one', { candidate: { weight: 50, ...broken } }),
    )
    const failing = await eventually('the candidate to fail', async () => {
      const one = await seen(test)
      return one?.candidate?.failing && one
    })
    expect(failing).toMatchObject({ failing: false, reason: 'MinimumReplicasAvailable', readyReplicas: 1 })
    expect(failing.candidate).toMatchObject({
      reason: 'CrashLoopBackOff',
      message: expect.stringContaining('exit code 4: no such model'),
      readyReplicas: 0,
      modelDigest: 'sha256:two',
    })
    for (let count = 0; count < 10; count += 1) expect((await ask(failing.url ?? '')).digest).toBe('sha256:one')
    deploy.set(endpointFiles(server, 'sha256:one', { candidate: { weight: 50, ...release('sha256:three') } }))
    await settled(test, 1, 1)
  })
})
