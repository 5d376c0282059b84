import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SeenEndpoint } from '../../domain/observation.ts'
import {
  eventually,
  handMadeDeploy,
  hostCluster,
  killHard,
  livesNow,
  newFolder,
  openTestCluster,
  type TestCluster,
} from '../support/local.ts'
import { endpointFiles, jobFiles } from '../support/local-manifests.ts'

/** Answers with its model and its process id; ends when it is asked to. */
const server = `
  const { createServer } = require('node:http')
  createServer((request, response) => {
    if (request.url === '/handbook/die') process.exit(9)
    response.end(process.env.MODEL_DIGEST + ' ' + process.pid + ' ' + process.env.HOST)
  }).listen(Number(process.env.PORT), process.env.HOST)`

async function seen(test: TestCluster): Promise<SeenEndpoint | undefined> {
  return (await test.cluster.view('dev')).endpoints[0]
}

async function ready(test: TestCluster, digest: string): Promise<SeenEndpoint> {
  return eventually(`the endpoint to serve ${digest}`, async () => {
    const endpoint = await seen(test)
    return endpoint?.readyReplicas === 1 && endpoint.current && endpoint.modelDigest === digest && endpoint
  })
}

async function ask(endpoint: SeenEndpoint): Promise<{ digest: string; pid: number; host: string }> {
  const response = await fetch(`${endpoint.url}/generate`, { headers: { connection: 'close' } })
  const [digest = '', pid = '', host = ''] = (await response.text()).split(' ')
  return { digest, pid: Number(pid), host }
}

describe('an endpoint on the local cluster', () => {
  it('starts, is probed, answers at its address, rolls to another model, and goes with its Application', async () => {
    const deploy = handMadeDeploy(endpointFiles(server, 'sha256:one'))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    const first = await ready(test, 'sha256:one')
    expect(first).toMatchObject({
      environment: 'dev',
      project: 'language',
      name: 'handbook',
      namespace: 'ml',
      framework: 'fastapi',
      replicas: 1,
      failing: false,
      reason: 'MinimumReplicasAvailable',
    })
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/handbook$/)
    const one = await ask(first)
    expect(one).toMatchObject({ digest: 'sha256:one', host: '127.0.0.1' })
    deploy.set(endpointFiles(server, 'sha256:two'))
    const second = await ready(test, 'sha256:two')
    expect(second.url).toBe(first.url)
    expect(await ask(second)).toMatchObject({ digest: 'sha256:two' })
    await eventually('the old server to end', () => !livesNow(one.pid))
    const two = await ask(second)
    deploy.set(jobFiles())
    await eventually('the endpoint to be gone', async () => (await seen(test)) === undefined)
    await eventually('the server to end', () => !livesNow(two.pid))
    await eventually('its address to be closed', () =>
      ask(second).then(
        () => false,
        () => true,
      ),
    )
    await eventually('its objects to be gone', () => readdirSync(join(test.stateFolder, 'endpoints')).length === 0)
  })

  it('answers without a pause while it rolls', async () => {
    const deploy = handMadeDeploy(endpointFiles(server, 'sha256:one'))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    const endpoint = await ready(test, 'sha256:one')
    deploy.set(endpointFiles(server, 'sha256:two'))
    const digests: string[] = []
    await eventually('the other model', async () => {
      digests.push((await ask(endpoint)).digest)
      return digests.at(-1) === 'sha256:two'
    })
    for (let more = 0; more < 20; more += 1) digests.push((await ask(endpoint)).digest)
    expect(new Set(digests)).toEqual(new Set(['sha256:one', 'sha256:two']))
  })

  it('tells what each of its servers said last, and which track that is of', async () => {
    const talks = `console.log('hello'); console.log('from the server');${server}`
    const test = openTestCluster(handMadeDeploy(endpointFiles(talks, 'sha256:one')))
    await test.cluster.start()
    await ready(test, 'sha256:one')
    const key = { environment: 'dev', project: 'language', name: 'handbook' }
    const [log, another] = await test.cluster.serverLogs(key, 1)
    expect([log, another]).toEqual([
      { pod: expect.stringMatching(/handbook/), track: 'stable', lines: ['from the server'], trouble: null },
      undefined,
    ])
    expect((await test.cluster.serverLogs(key, 100))[0]?.lines).toEqual(['hello', 'from the server'])
    expect(await test.cluster.serverLogs({ ...key, name: 'other' }, 1)).toEqual([])
  })

  it('a crashed server is started again at the same address', async () => {
    const test = openTestCluster(handMadeDeploy(endpointFiles(server, 'sha256:one')))
    await test.cluster.start()
    const endpoint = await ready(test, 'sha256:one')
    const { pid } = await ask(endpoint)
    await fetch(`${endpoint.url}/die`).catch(() => undefined)
    await eventually('another server', () =>
      ask(endpoint).then(
        (answer) => answer.pid !== pid,
        () => false,
      ),
    )
    expect((await seen(test))?.url).toBe(endpoint.url)
  })

  it('a release that crashes again and again is failing, says why, and what served before goes on', async () => {
    const deploy = handMadeDeploy(endpointFiles(server, 'sha256:one'))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    const endpoint = await ready(test, 'sha256:one')
    deploy.set(endpointFiles("console.error('no such model'); process.exit(4)", 'sha256:two'))
    const failing = await eventually('failing', async () => {
      const now = await seen(test)
      return now?.failing && now
    })
    expect(failing).toMatchObject({
      reason: 'CrashLoopBackOff',
      message: expect.stringContaining('exit code 4: no such model'),
      current: false,
      readyReplicas: 1,
      modelDigest: 'sha256:two',
    })
    expect(await ask(endpoint)).toMatchObject({ digest: 'sha256:one' })
    deploy.set(endpointFiles(server, 'sha256:three'))
    await ready(test, 'sha256:three')
  })

  it('its server ends with a cluster that is stopped, and the next start brings it up at the same address', async () => {
    const deploy = handMadeDeploy(endpointFiles(server, 'sha256:one'))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    const endpoint = await ready(test, 'sha256:one')
    const { pid } = await ask(endpoint)
    await test.cluster.stop('orderly')
    expect(livesNow(pid)).toBe(false)
    const next = openTestCluster(deploy, test.root)
    await next.cluster.start()
    expect((await ready(next, 'sha256:one')).url).toBe(endpoint.url)
    await next.cluster.stop('orderly')
    // Somebody else has taken the port meanwhile.
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(Number(new URL(endpoint.url ?? '').port), '127.0.0.1', resolve))
    const third = openTestCluster(deploy, test.root)
    await third.cluster.start()
    const moved = await ready(third, 'sha256:one')
    expect(moved.url).not.toBe(endpoint.url)
    expect(await ask(moved)).toMatchObject({ digest: 'sha256:one' })
    other.close()
  })

  it('its server ends with a cluster that is killed', async () => {
    const folder = newFolder()
    const files = endpointFiles(
      `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(process.pid)); ${server}`,
      'sha256:one',
    )
    const host = await hostCluster(folder, files)
    const pid = Number(
      await eventually(
        'the server',
        () => existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid'), 'utf8'),
      ),
    )
    expect(livesNow(pid)).toBe(true)
    await killHard(host)
    await eventually('the server to end', () => !livesNow(pid))
    const next = openTestCluster(handMadeDeploy(files), folder)
    await next.cluster.start()
    await ready(next, 'sha256:one')
    expect(readdirSync(join(next.stateFolder, 'pods'))).toHaveLength(1)
  })

  it('a missing Secret lets it wait and says so; a person who puts it there lets it start', async () => {
    const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } }]
    const test = openTestCluster(
      handMadeDeploy(endpointFiles(`console.log(process.env.KEY); ${server}`, 'sha256:one', { env })),
    )
    await test.cluster.start()
    const waiting = await eventually('the reason', async () => {
      const endpoint = await seen(test)
      return endpoint?.reason === 'CreateContainerConfigError' && endpoint
    })
    expect(waiting).toMatchObject({ message: 'secret "keys" not found', failing: false, readyReplicas: 0 })
    const folder = join(test.stateFolder, 'secrets', 'ml')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'keys.json'), JSON.stringify({ data: { key: 'value' } }))
    await ready(test, 'sha256:one')
  })

  it('is given the text of its prompt template, and another text makes another release', async () => {
    const answers = server.replace('process.env.MODEL_DIGEST', 'process.env.PROMPT_TEMPLATE')
    const templated = (text: string) =>
      endpointFiles(answers, 'sha256:one', { promptTemplate: { name: 'plain', text } })
    const deploy = handMadeDeploy(templated('Be-brief'))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    expect(await ask(await ready(test, 'sha256:one'))).toMatchObject({ digest: 'Be-brief' })
    deploy.set(templated('Be-kind'))
    await eventually('the other text', async () => {
      const endpoint = await seen(test)
      return endpoint?.readyReplicas === 1 && (await ask(endpoint)).digest === 'Be-kind'
    })
  })

  it('an idle cluster writes nothing', async () => {
    const deploy = handMadeDeploy({
      ...endpointFiles(server, 'sha256:one'),
      ...jobFiles({ script: '' }, { name: 'waits', leased: true }),
    })
    const test = openTestCluster(deploy)
    await test.cluster.start()
    await ready(test, 'sha256:one')
    await eventually('the Jobs to stand still', async () => {
      const view = await test.cluster.view('dev')
      return (
        view.jobs.some((job) => job.conditions.some((condition) => condition.type === 'Complete')) &&
        view.pods.some((pod) => pod.containers[0]?.reason === 'CreateContainerConfigError')
      )
    })
    const keys: unknown[] = []
    test.cluster.watch((key) => keys.push(key))
    const look = (): string =>
      JSON.stringify(
        readdirSync(test.stateFolder, { recursive: true }).map((name) => [
          name,
          statSync(join(test.stateFolder, String(name))).mtimeMs,
        ]),
      )
    // What became ready a moment ago may still have to be told.
    await eventually('the cluster to look again and again, and to write and tell nothing', async () => {
      keys.length = 0
      const [before, looks] = [look(), deploy.looks]
      await eventually('more looks', () => deploy.looks > looks + 25)
      return look() === before && keys.length === 0
    })
  })
})
