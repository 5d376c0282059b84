import { once } from 'node:events'
import { request } from 'node:https'
import { readFileSync } from 'node:fs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createKubernetes, type Kubernetes, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { certificateAuthority } from '../parts/credentials.ts'
import { type Cluster, makeNamespace, theCluster } from '../support/cluster.ts'
import { kubeconfigThrough, layLine, type Line } from '../support/connections.ts'

let cluster: Cluster
let line: Line
beforeAll(() => {
  cluster = theCluster()
})
afterEach(() => line.remove())

interface Watch {
  /** Names of the ConfigMaps that it has told of. */
  readonly heard: Set<string>
  readonly ended: () => boolean
}

/** A watch over a line, as any client keeps one. */
async function watchThrough(namespace: string): Promise<Watch> {
  const heard = new Set<string>()
  let hasEnded = false
  const url = new URL(`${resource('v1', 'configmaps', namespace)}?watch=true`, line.url)
  const headers = { authorization: `Bearer ${cluster.token}` }
  const sent = request(url, { ca: readFileSync(certificateAuthority(cluster.folder)), headers, agent: false })
  const end = () => (hasEnded = true)
  sent.on('error', end).end()
  const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream]
  answer.on('error', end).on('end', end)
  answer.on('data', (chunk: Buffer) => {
    for (const [, name = ''] of chunk.toString().matchAll(/"name":"(told-[^"]+)"/g)) heard.add(name)
  })
  return { heard, ended: () => hasEnded }
}

function tell(namespace: string, name: string) {
  return cluster.kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } })
}

function clientThrough(): Kubernetes {
  return createKubernetes({
    server: line.url,
    certificateAuthority: certificateAuthority(cluster.folder),
    token: cluster.token,
  })
}

const hears = ({ heard }: Watch, name: string) =>
  until(`the watch to hear ${name}`, () => heard.has(name), { seconds: 10 })

describe('a line to the API server', () => {
  it('hands on what is said, also for whoever comes with a kubeconfig', async () => {
    line = await layLine(cluster.apiServer)
    const path = kubeconfigThrough(cluster, cluster.kubeconfig, line)
    const { clusters } = JSON.parse(readFileSync(path, 'utf8')) as { clusters: { cluster: { server: string } }[] }
    expect(clusters.map((one) => one.cluster.server)).toEqual([line.url])
    const namespace = await makeNamespace(cluster, 'line')
    const watch = await watchThrough(namespace)
    await tell(namespace, 'told-first')
    await hears(watch, 'told-first')
    expect(line.made()).toBe(1)
  })

  it('cut, ends a watch at once and takes new ones', async () => {
    line = await layLine(cluster.apiServer)
    const namespace = await makeNamespace(cluster, 'cut')
    const watch = await watchThrough(namespace)
    line.cut('open')
    await until('the watch to end', watch.ended, { seconds: 5 })
    const next = await watchThrough(namespace)
    await tell(namespace, 'told-next')
    await hears(next, 'told-next')
  })

  it('cut for all, lets nobody through until it is mended', async () => {
    line = await layLine(cluster.apiServer)
    const client = clientThrough()
    line.cut('all')
    await expect(client.request('GET', '/readyz')).rejects.toThrow(/ECONNRESET|socket/)
    line.mend()
    expect((await client.request('GET', '/readyz')).status).toBe(200)
  })

  it('cut just when a client uses it again, has the client take a new one', async () => {
    line = await layLine(cluster.apiServer)
    const client = clientThrough()
    expect((await client.request('GET', '/readyz')).status).toBe(200)
    line.cut('open')
    expect((await client.request('GET', '/readyz')).status).toBe(200)
    expect(line.made()).toBe(2)
  })

  it('half-open, neither ends a watch nor tells it anything, while new ones hear all', async () => {
    line = await layLine(cluster.apiServer)
    const namespace = await makeNamespace(cluster, 'half-open')
    const deaf = await watchThrough(namespace)
    line.silence('open')
    const hearing = await watchThrough(namespace)
    await tell(namespace, 'told-later')
    await hears(hearing, 'told-later')
    expect(deaf.heard.size).toBe(0)
    expect(deaf.ended()).toBe(false)
    expect(line.open()).toBe(2)
  })

  it('silent for all, takes connections and answers none of them', async () => {
    line = await layLine(cluster.apiServer)
    line.silence('all')
    const answered = clientThrough()
      .request('GET', '/readyz')
      .then(
        () => true,
        () => false,
      )
    await until('the connection to be taken', () => line.open() === 1, { seconds: 5 })
    line.mend()
    // A new connection goes through while the first still waits.
    expect((await clientThrough().request('GET', '/readyz')).status).toBe(200)
    await line.remove()
    expect(await answered).toBe(false)
  })
})
