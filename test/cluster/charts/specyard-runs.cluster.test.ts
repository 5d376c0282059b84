import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { type Ground, helm, type Pod, prepareGround, untilReady } from './installation.ts'

/*
 * The installed pods at work: on a real node, confined as the chart confines them, over a real PostgreSQL, Redis and Git server.
 */

let cluster: Cluster
let ground: Ground

interface Lease extends KubernetesObject {
  readonly spec: { readonly holderIdentity?: string }
}

beforeAll(async () => {
  if (!hasRealNode()) return
  cluster = theCluster()
  ground = await prepareGround(cluster)
  await helm(cluster, ground, 'install', ground.values)
}, 300_000)
afterAll(async () => {
  if (ground === undefined) return
  await helm(cluster, ground, 'uninstall')
  await ground.close()
})

const ready = (component: 'api' | 'reconciler') => untilReady(cluster, ground, component, 2)
const restarts = ({ status }: Pod) => status.containerStatuses?.[0]?.restartCount

const lease = () =>
  cluster.kubernetes.get<Lease>(resource('coordination.k8s.io/v1', 'leases', ground.release, 'specyard-reconciler'))

/** What the pod answers at a port of its own address, as the kubelet and trainers ask it. */
const ask = (pod: Pod, port: number, path: string) => fetch(`http://${pod.status.podIP}:${port}${path}`)

describe.runIf(hasRealNode())('the installed chart specyard', () => {
  it('has two pods of each that are ready at the first start', async () => {
    for (const component of ['api', 'reconciler'] as const)
      expect((await ready(component)).map(restarts)).toEqual([0, 0])
  })

  it('has one reconciler that leads, by the Lease that its Role allows, while the other one waits', async () => {
    const both = await ready('reconciler')
    const holder = await until('a leader', async () => (await lease())?.spec.holderIdentity, { seconds: 30 })
    expect(both.map(({ metadata }) => metadata.name).filter((name) => holder.startsWith(name))).toHaveLength(1)
    const leads = await Promise.all(
      both.map(
        async (pod) => /^specyard_leading(?:\{.*\})? (\d)$/m.exec(await (await ask(pod, 8789, '/metrics')).text())?.[1],
      ),
    )
    expect(leads.sort()).toEqual(['0', '1'])
  })

  it('has another leader once the first is deleted', async () => {
    const holder = (await lease())?.spec.holderIdentity ?? ''
    const leader = (await ready('reconciler')).find(({ metadata }) => holder.startsWith(metadata.name))
    await cluster.kubernetes.remove(resource('v1', 'pods', ground.release, leader?.metadata.name))
    await until(
      'another leader',
      async () => {
        const next = (await lease())?.spec.holderIdentity
        return next !== undefined && next !== '' && next !== holder
      },
      { seconds: 60 },
    )
    await ready('reconciler')
  })

  it('lets trainers in at the port for reports, and tells them nothing of what people may see', async () => {
    const [api] = await ready('api')
    if (api === undefined) throw new Error('there is no pod of the API')
    expect((await ask(api, 8788, '/readyz')).status).toBe(200)
    const report = await fetch(
      `http://${api.status.podIP}:8788/v1/jobs/00000000-0000-4000-8000-000000000000/heartbeat`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ pod_uid: 'somebody', sequence: 0, step: 0 }),
      },
    )
    expect(report.status).toBe(401)
    expect((await ask(api, 8788, '/v1/jobs')).status).toBe(404)
    await expect(ask(api, 8787, '/v1/jobs')).rejects.toThrow()
  })

  it('as a CronJob takes a look and ends well', async () => {
    await helm(cluster, ground, 'upgrade', { ...ground.values, reconciler: { mode: 'cronjob', schedule: '* * * * *' } })
    type Job = KubernetesObject & { readonly status: { readonly succeeded?: number; readonly failed?: number } }
    const ended = await until(
      'a look to have ended',
      async () => {
        const all = await cluster.kubernetes.list<Job>(resource('batch/v1', 'jobs', ground.release))
        return all.find(
          ({ metadata, status }) => metadata.name.includes('-reconciler-') && (status.succeeded ?? status.failed),
        )
      },
      { seconds: 150, everyMilliseconds: 1000 },
    )
    expect(ended.status).toMatchObject({ succeeded: 1 })
  })
})
