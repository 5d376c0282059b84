import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasRealNode, makeNamespace, theCluster } from '../support/cluster.ts'
import { loadNodeImage } from '../support/images.ts'
import { endOf, type Job, job, jobPath, logsOf, podsOf } from '../support/jobs.ts'

describe.runIf(hasRealNode())('a Job of several pods on the real node', () => {
  it('is one group: its pods find each other by name through a headless Service', async () => {
    const cluster = theCluster()
    const { kubernetes } = cluster
    const namespace = await makeNamespace(cluster, 'several')
    const [name, pods] = ['group', 4]
    const image = await loadNodeImage(cluster, {
      name: 'specyard.local/rendezvous:1',
      files: { '/app/rendezvous.mjs': join(import.meta.dirname, 'rendezvous.mjs') },
      command: ['node', 'rendezvous.mjs'],
    })
    await kubernetes.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: { 'batch.kubernetes.io/job-name': name },
      },
    })
    const indexed = { completionMode: 'Indexed', completions: pods, parallelism: pods, activeDeadlineSeconds: 60 }
    const command = ['node', 'rendezvous.mjs', `${name}-0.${name}`, String(pods)]
    const pod = { subdomain: name }
    await kubernetes.apply(job({ namespace, name, image, command, job: indexed, pod }))

    const ended = await kubernetes.until<Job>(jobPath(namespace, name), 'to end', endOf, 90)
    expect(endOf(ended)).toMatchObject({ type: 'Complete' })
    const all = await podsOf(cluster, namespace, name)
    const first = all.find(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-completion-index'] === '0')
    expect(all).toHaveLength(pods)
    expect(JSON.parse(first === undefined ? '' : await logsOf(cluster, first))).toEqual([1, 2, 3])
  })
})
