import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../base/command.ts'
import { createKubernetes, type Kubernetes, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { certificateAuthority } from '../parts/credentials.ts'
import { type Cluster, makeNamespace } from '../support/cluster.ts'
import { forgetHistory, freeze, restartApiServer, thaw } from '../support/faults.ts'
import { makeIdentity } from '../support/identities.ts'
import { endOf, type Job, job, jobPath } from '../support/jobs.ts'
import { openOwnBed, type OwnBed } from '../support/own-bed.ts'
import { addNodes, onSimulatedNodes, removeNodes } from '../support/simulated-nodes.ts'

let own: OwnBed
let cluster: Cluster
let kubernetes: Kubernetes
beforeAll(async () => {
  own = await openOwnBed(['kwok'])
  cluster = own.cluster
  kubernetes = cluster.kubernetes
})
afterAll(() => own?.close())

const jobs = (namespace: string) => resource('batch/v1', 'jobs', namespace)
const secrets = (namespace: string) => resource('v1', 'secrets', namespace)

describe('the control plane', () => {
  it('is ready and says its version', async () => {
    expect((await kubernetes.request('GET', '/readyz')).body).toBe('ok')
    const { body } = await kubernetes.request('GET', '/version')
    expect(JSON.parse(body)).toMatchObject({
      major: '1',
      minor: '36',
      gitVersion: expect.stringMatching(/^v1\.36\.\d+$/),
    })
  })

  it('lets nobody in who shows no token, or a wrong one', async () => {
    const access = { server: cluster.apiServer, certificateAuthority: certificateAuthority(cluster.folder) }
    const nobody = createKubernetes(access)
    const stranger = createKubernetes({ ...access, token: 'made-up' })
    expect((await nobody.request('GET', jobs('default'))).status).toBe(401)
    expect((await stranger.request('GET', jobs('default'))).status).toBe(401)
  })

  it('lets a service account do what its Role says and nothing else', async () => {
    const namespace = await makeNamespace(cluster, 'rbac')
    const reader = await makeIdentity(cluster, namespace, 'reader', [
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'list', 'watch'] },
    ])
    const status = async (method: string, path: string, body?: unknown) =>
      (await reader.kubernetes.request(method, path, body)).status
    expect(await status('GET', jobs(namespace))).toBe(200)
    expect(await status('GET', secrets(namespace))).toBe(403)
    expect(await status('GET', jobs('default'))).toBe(403)
    expect(await status('POST', jobs(namespace), { metadata: { name: 'a-job' } })).toBe(403)
  })

  it('killed and started again, has everything it had', async () => {
    const namespace = await makeNamespace(cluster, 'restart')
    const path = resource('v1', 'configmaps', namespace, 'kept')
    await kubernetes.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kept', namespace },
      data: { text: 'before' },
    })
    await restartApiServer(cluster)
    expect(await kubernetes.get(path)).toMatchObject({ data: { text: 'before' } })
  })

  it('restarted again and again, has controllers, a scheduler and nodes that go on at once', async () => {
    const nodes = await addNodes(cluster, { prefix: 'restarted', count: 1 })
    try {
      for (let time = 0; time < 4; time += 1) await restartApiServer(cluster)
      const namespace = await makeNamespace(cluster, 'after')
      const env = [{ name: 'SIMULATE_RUN_FOR', value: '100ms' }]
      const pod = {
        ...onSimulatedNodes('restarted'),
        containers: [{ name: 'trainer', image: 'simulated', env }],
      }
      await kubernetes.apply(job({ namespace, name: 'a-job', image: '', command: [], pod }))
      // Each watch that had waited for the API server on its own would wait for up to half a minute by now.
      const ended = await kubernetes.until<Job>(jobPath(namespace, 'a-job'), 'to end', endOf, 12)
      expect(endOf(ended)).toMatchObject({ type: 'Complete' })
    } finally {
      await removeNodes(cluster, nodes)
    }
  })

  it('stopped where it stands, answers nobody, and goes on when it may', async () => {
    const ask = () =>
      run(cluster.programs.kubectl, ['--kubeconfig', cluster.kubeconfig, '--request-timeout=1s', 'get', 'nodes'])
    freeze(cluster, 'kube-apiserver')
    try {
      await expect(ask()).rejects.toThrow(/imeout|deadline/)
    } finally {
      thaw(cluster, 'kube-apiserver')
    }
    await until('an answer', () => ask().then(() => true), { seconds: 30 })
  })

  it('tells a watch that goes on from before a compaction that its history is gone', async () => {
    const namespace = await makeNamespace(cluster, 'compaction')
    const { body } = await kubernetes.request('GET', jobs(namespace))
    const old = (JSON.parse(body) as { metadata: { resourceVersion: string } }).metadata.resourceVersion
    await makeNamespace(cluster, 'later')
    await forgetHistory(cluster)
    const watch = `${jobs(namespace)}?watch=true&resourceVersion=${old}&timeoutSeconds=10`
    expect((await kubernetes.request('GET', watch)).body).toContain('"code":410')
  })
})
