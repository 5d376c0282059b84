import { beforeAll, describe, expect, it } from 'vitest'
import { type Kubernetes } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import type { RealNode } from '../bed.ts'
import { containerStarts, readAudit } from '../support/audit.ts'
import { type Cluster, hasRealNode, makeNamespace, realNodeOf, theCluster } from '../support/cluster.ts'
import { endOf, grantLease, type Job, job, jobPath, logsOf, type Pod, podsOf } from '../support/jobs.ts'

let cluster: Cluster
let kubernetes: Kubernetes
let node: RealNode
let namespace: string
beforeAll(async () => {
  if (!hasRealNode()) return
  cluster = theCluster()
  kubernetes = cluster.kubernetes
  node = realNodeOf(cluster)
  namespace = await makeNamespace(cluster, 'pods')
})

/** Little to learn: it is the node that is tested. */
const smallTraining = {
  JOB_ID: 'a-run',
  TRACE_ID: 'a-trace',
  DATASET_URI: 'examples/handbook/data',
  TRAINING_CONFIG: JSON.stringify({ training: { epochs: 1, parameters: { samplesPerEpoch: 2000 } } }),
}

const untilEnded = (name: string, seconds = 60) =>
  kubernetes.until<Job>(jobPath(namespace, name), 'to end', endOf, seconds)

/** @returns the first pod of the Job's name that is as wanted */
const untilPod = (name: string, what: string, isSo: (pod: Pod) => unknown, seconds = 30) =>
  until(`a pod of ${name} ${what}`, async () => (await podsOf(cluster, namespace, name)).find(isSo), { seconds })

const waitingReason = ({ status }: Pod) =>
  [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].find((one) => one.state.waiting)?.state
    .waiting?.reason

describe.runIf(hasRealNode())('a pod on the real node', () => {
  it("runs the worked example's trainer to its end, from an image pinned by digest", async () => {
    const image = node.images.trainer
    const command = ['node', 'train.mjs']
    await kubernetes.apply(job({ namespace, name: 'trains', image, command, variables: smallTraining }))
    const ended = await untilEnded('trains')
    const [pod] = await podsOf(cluster, namespace, 'trains')
    const log = pod === undefined ? '' : await logsOf(cluster, pod)
    expect(endOf(ended), log).toMatchObject({ type: 'Complete' })
    expect(log).toContain('[TRACE:a-trace] attempt 1 begins at the beginning')
    expect(pod?.spec.nodeName).toBe(node.name)
    expect(pod?.status.containerStatuses?.[0]?.imageID).toContain(image.split('@')[1])
  })

  it('waits in CreateContainerConfigError for the lease, and starts once the lease is there', async () => {
    const lease = { secret: 'lease-of-waits', image: 'busybox:1.37.0' }
    const command = ['sh', '-c', 'echo trained']
    await kubernetes.apply(job({ namespace, name: 'waits', image: node.images.busybox, command, lease }))
    await untilPod('waits', 'that waits for its lease', (pod) => waitingReason(pod) === 'CreateContainerConfigError')
    const waiting = (await kubernetes.get<Job>(jobPath(namespace, 'waits'))) as Job
    expect(endOf(waiting)).toBeUndefined()
    expect(
      containerStarts(readAudit(cluster), 'trainer').filter(({ jobUid }) => jobUid === waiting.metadata.uid),
    ).toEqual([])

    await grantLease(cluster, waiting, lease.secret)
    expect(endOf(await untilEnded('waits'))).toMatchObject({ type: 'Complete' })
    const starts = containerStarts(readAudit(cluster), 'trainer').filter(
      ({ jobUid }) => jobUid === waiting.metadata.uid,
    )
    expect(starts).toHaveLength(1)
  })

  it('is stopped at once by a lease that was granted to another Job', async () => {
    const lease = { secret: 'lease-of-another', image: 'busybox:1.37.0' }
    const other = { apiVersion: 'v1', kind: 'Secret', metadata: { name: lease.secret, namespace } }
    await kubernetes.apply({ ...other, stringData: { 'job-uid': 'another' } })
    await kubernetes.apply(job({ namespace, name: 'refused', image: node.images.busybox, command: ['true'], lease }))
    const ended = await untilEnded('refused')
    expect(endOf(ended)).toMatchObject({ type: 'Failed', reason: 'PodFailurePolicy' })
    expect(
      containerStarts(readAudit(cluster), 'trainer').filter(({ jobUid }) => jobUid === ended.metadata.uid),
    ).toEqual([])
  })

  it('over its memory limit is killed as OOMKilled', async () => {
    const resources = { requests: { memory: '64Mi' }, limits: { memory: '64Mi' } }
    const program = 'const held = []; for (;;) held.push(Buffer.alloc(8e6, 1))'
    const container = { name: 'trainer', image: node.images.trainer, command: ['node', '-e', program], resources }
    const pod = { containers: [container] }
    await kubernetes.apply(job({ namespace, name: 'hungry', image: '', command: [], pod }))
    expect(endOf(await untilEnded('hungry'))).toMatchObject({ type: 'Failed' })
    const [killed] = await podsOf(cluster, namespace, 'hungry')
    expect(killed?.status.containerStatuses?.[0]?.state.terminated).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
    })
  })

  it('reaches the Git server of this machine, and the API server with its own service account', async () => {
    const [program, address] = [pathOfProgram, cluster.git.urlForPods ?? '']
    const command = ['node', '-e', program, `${address}/`]
    await kubernetes.apply(job({ namespace, name: 'reaches', image: node.images.trainer, command }))
    await untilEnded('reaches')
    const [pod] = await podsOf(cluster, namespace, 'reaches')
    const log = pod === undefined ? '' : await logsOf(cluster, pod)
    expect(JSON.parse(log)).toEqual({ git: 404, apiServer: 403, user: `system:serviceaccount:${namespace}:default` })
  })
})

/** As any client in a cluster does it: address from the environment, token and certificate from the mounted folder. */
const pathOfProgram = `
const { readFileSync } = require('node:fs')
const { get } = require('node:https')
const folder = '/var/run/secrets/kubernetes.io/serviceaccount/'
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
const options = { ca: readFileSync(folder + 'ca.crt'), headers: { authorization: 'Bearer ' + readFileSync(folder + 'token', 'utf8') } }
const text = (answer) => new Promise((resolve) => { let all = ''; answer.on('data', (part) => all += part).on('end', () => resolve(all)) })
fetch(process.argv[1]).then(({ status: git }) =>
  get('https://' + host + ':' + port + '/api/v1/secrets', options, async (answer) => {
    const user = /User "([^"]+)"/.exec(JSON.parse(await text(answer)).message)[1]
    console.log(JSON.stringify({ git, apiServer: answer.statusCode, user }))
  }))
`
