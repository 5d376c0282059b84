import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterView, SeenJob, SeenPod } from '../../../domain/observation.ts'
import { decisivePod } from '../../../reconciler/decide/failure.ts'
import { resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { follow, type Following, untilEqual } from './following.ts'
import { begin, leaseOf, train } from './trainings.ts'

/*
 * Jobs as the product renders them, in every state that a real kubelet and Job controller bring them to, as our view has them.
 */

let cluster: Cluster
let namespace: string
let following: Following
beforeAll(async () => {
  cluster = theCluster()
  namespace = await makeNamespace(cluster, 'states')
  following = await follow(cluster, [namespace])
})
afterAll(() => removeNamespace(cluster, namespace))

interface Seen {
  readonly job: SeenJob
  /** Oldest first. */
  readonly pods: readonly SeenPod[]
  readonly view: ClusterView
}

/** Waits until the view has the Job and its pods as wanted. */
async function untilSeen(name: string, what: string, isSo: (seen: Seen) => unknown, seconds = 40): Promise<Seen> {
  let last = 'it was not there'
  const look = async () => {
    const view = await following.view()
    const job = view.jobs.find((one) => one.name.startsWith(`${name}-`))
    if (!job) return undefined
    const pods = view.pods
      .filter((one) => one.jobUid === job.uid)
      .sort((left, right) => left.createdAt.getTime() - right.createdAt.getTime())
    last = JSON.stringify({ conditions: job.conditions, pods })
    return isSo({ job, pods, view }) ? { job, pods, view } : undefined
  }
  return until(`${name} ${what}`, look, { seconds }).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}; it was last seen as ${last}`, { cause: error })
  })
}

const trainerOf = (pod: SeenPod | undefined) => pod?.containers.find((one) => !one.init)
const endOf = ({ job }: Seen) =>
  job.conditions.find((one) => one.status === 'True' && ['Complete', 'Failed'].includes(one.type))

describe('our view of a training on the real node', () => {
  it('waiting for its lease: its init container waits, and nothing runs', async () => {
    await train(cluster, { namespace, name: 'waits' })
    const isWaiting = ({ pods }: Seen) => pods[0]?.containers[0]?.reason === 'CreateContainerConfigError'
    const { job, pods, view } = await untilSeen('waits', 'to wait for its lease', isWaiting)
    expect(job).toMatchObject({ suspended: false, active: 1, ready: 0, succeeded: 0, failed: 0, conditions: [] })
    expect(pods[0]).toMatchObject({ phase: 'Pending', node: cluster.node?.name, completionIndex: null })
    expect(pods[0]?.containers).toMatchObject([
      { name: 'lease', init: true, state: 'waiting', message: expect.stringContaining('not found') as string },
      { name: 'trainer', init: false, state: 'waiting', reason: 'PodInitializing', startedAt: null },
    ])
    expect(view.leases.filter((one) => one.runId === job.runId)).toEqual([])
  })

  it('once it has its lease: it completes, and its log is there', async () => {
    await train(cluster, { namespace, name: 'leased', script: 'seq 1 500; echo last' })
    const { job } = await untilSeen('leased', 'to be there', () => true)
    await following.source.grantLease(leaseOf(job))
    const seen = await untilSeen('leased', 'to end', endOf)
    expect(endOf(seen)).toMatchObject({ type: 'Complete', reason: 'CompletionsReached' })
    expect(seen.job).toMatchObject({ uid: job.uid, succeeded: 1, failed: 0, active: 0 })
    expect(seen.job.startedAt?.getTime()).toBeGreaterThanOrEqual(seen.job.createdAt.getTime())
    expect(seen.pods).toMatchObject([{ phase: 'Succeeded' }])
    expect(trainerOf(seen.pods[0])).toMatchObject({
      state: 'terminated',
      reason: 'Completed',
      exitCode: 0,
      imageDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    })
    const leases = seen.view.leases.filter((one) => one.runId === job.runId)
    expect(leases).toMatchObject([{ attempt: 1, jobUid: job.uid }])
    const tail = await following.source.logTail(seen.pods[0] as SeenPod, 100)
    expect([tail.length, tail[0], tail.at(-1)]).toEqual([100, '402', 'last'])
  })

  it('whose lease is optional: it starts without one', async () => {
    const lease = { mode: 'optional', image: '' } as const
    await train(cluster, { namespace, name: 'free', script: 'echo "token: $CALLBACK_TOKEN"', lease })
    const seen = await untilSeen('free', 'to end', endOf)
    expect(endOf(seen)).toMatchObject({ type: 'Complete' })
    expect(await following.source.logTail(seen.pods[0] as SeenPod, 5)).toEqual(['token: '])
  })

  it('running: its pod and its trainer run, and it says since when', async () => {
    await begin(cluster, following.source, { namespace, name: 'runs', script: 'echo at work; sleep 3600' })
    const { job, pods } = await untilSeen('runs', 'to run', ({ pods: [pod] }) => trainerOf(pod)?.state === 'running')
    expect(job).toMatchObject({ active: 1 })
    expect(pods).toMatchObject([{ phase: 'Running', jobUid: job.uid, runId: job.runId, attempt: 1 }])
    expect(trainerOf(pods[0])?.startedAt).toBeInstanceOf(Date)
    expect(await following.source.logTail(pods[0] as SeenPod, 10)).toEqual(['at work'])
  })

  it('failed with an exit code: the code, its last words, the reason of its Job and what the kubelet told', async () => {
    await begin(cluster, following.source, { namespace, name: 'fails', script: 'echo out of ideas; exit 3' })
    const seen = await untilSeen('fails', 'to fail', endOf)
    expect(endOf(seen)).toMatchObject({ type: 'Failed', reason: 'BackoffLimitExceeded' })
    expect(trainerOf(seen.pods[0])).toMatchObject({ exitCode: 3, reason: 'Error', message: 'out of ideas\n' })
    const pod = seen.pods[0] as SeenPod
    expect(await following.source.logTail(pod, 10)).toEqual(['out of ideas'])
    const told = async () => [...(await following.source.events(seen.job)), ...(await following.source.events(pod))]
    const words = async () => (await told()).map((one) => `${one.object.split('/')[0]} ${one.component} ${one.reason}`)
    // Whoever tells an event does so a moment after the deed.
    const last = async () => (await words()).includes('Job job-controller BackoffLimitExceeded')
    await until('the last event', last, { seconds: 20 })
    expect(await words()).toEqual(
      expect.arrayContaining([
        'Job job-controller SuccessfulCreate',
        'Pod default-scheduler Scheduled',
        'Pod kubelet Started',
      ]),
    )
    expect((await told()).every((one) => one.firstAt !== null && one.lastAt !== null && one.count > 0)).toBe(true)
  })

  it('out of memory: OOMKilled', async () => {
    const script = 'sleep 1; head -c 64m /dev/zero | tail'
    await begin(cluster, following.source, { namespace, name: 'hungry', script, memoryBytes: 16 * 2 ** 20 })
    const seen = await untilSeen('hungry', 'to fail', endOf)
    expect(trainerOf(seen.pods[0])).toMatchObject({ exitCode: 137, reason: 'OOMKilled' })
  })

  it('whose image is not there: it waits and says what cannot be had', async () => {
    const image = `nowhere.invalid/trainer@sha256:${'0'.repeat(64)}`
    await begin(cluster, following.source, { namespace, name: 'unseen', image })
    const isWaiting = ({ pods: [pod] }: Seen) => /^(ErrImagePull|ImagePullBackOff)$/.test(trainerOf(pod)?.reason ?? '')
    const seen = await untilSeen('unseen', 'to miss its image', isWaiting)
    expect(trainerOf(seen.pods[0])).toMatchObject({
      state: 'waiting',
      message: expect.stringContaining('nowhere.invalid') as string,
    })
    expect(await following.source.logTail(seen.pods[0] as SeenPod, 10)).toEqual([])
    const told = await following.source.events(seen.pods[0] as SeenPod)
    expect(told).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'Failed', component: 'kubelet' }))
  })

  it('evicted: the pod says DisruptionTarget, its Job starts another one', async () => {
    await begin(cluster, following.source, { namespace, name: 'evicted', script: 'sleep 3600' })
    const isRunning = ({ pods }: Seen) => trainerOf(pods.at(-1))?.state === 'running'
    const { pods } = await untilSeen('evicted', 'to run', isRunning)
    const name = pods[0]?.name ?? ''
    await cluster.kubernetes.create(`${resource('v1', 'pods', namespace, name)}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace },
    })
    const disrupted = ({ pods: [pod] }: Seen) => pod?.conditions.some((one) => one.type === 'DisruptionTarget')
    const told = await untilSeen('evicted', 'to be disrupted', disrupted)
    expect(told.pods[0]?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }),
    )
    const again = await untilSeen(
      'evicted',
      'to run again',
      (seen) => isRunning(seen) && seen.pods.at(-1)?.name !== name,
    )
    expect(again.job.uid).toBe(told.job.uid)
    expect(endOf(again)).toBeUndefined()
  })

  it('that no node has room for: unschedulable, with the reason of the scheduler', async () => {
    await begin(cluster, following.source, { namespace, name: 'huge', gpus: 8 })
    const scheduled = ({ pods: [pod] }: Seen) => pod?.conditions.find((one) => one.type === 'PodScheduled')
    const seen = await untilSeen('huge', 'to be unschedulable', (one) => scheduled(one)?.status === 'False')
    expect(scheduled(seen)).toMatchObject({
      reason: 'Unschedulable',
      message: expect.stringContaining('Insufficient nvidia.com/gpu') as string,
    })
    expect(seen.pods[0]?.node).toBeNull()
  })

  it('orphaned: its Job is gone and its pod runs on, owned by nobody', async () => {
    await begin(cluster, following.source, { namespace, name: 'orphan', script: 'sleep 3600' })
    const { job, pods } = await untilSeen('orphan', 'to run', ({ pods: [pod] }) => trainerOf(pod)?.state === 'running')
    await cluster.kubernetes.remove(resource('batch/v1', 'jobs', namespace, job.name), 'Orphan')
    const uid = pods[0]?.uid
    const orphan = async () => {
      const view = await following.view()
      return !view.jobs.some((one) => one.uid === job.uid) && view.pods.find((one) => one.uid === uid && !one.jobUid)
    }
    expect(await until('the orphan', orphan, { seconds: 30 })).toMatchObject({ phase: 'Running', runId: job.runId })
  })

  it('of four nodes: each pod with its index, and the one that failed first tells why', async () => {
    const script = 'if [ "$NODE_RANK" = 2 ]; then sleep 2; echo rank two gives up; exit 7; fi; sleep 3600'
    await begin(cluster, following.source, { namespace, name: 'many', script, nodes: 4 })
    const running = ({ pods }: Seen) => pods.filter((one) => trainerOf(one)?.startedAt).length === 4
    const begun = await untilSeen('many', 'to run', running)
    expect(begun.pods.map((one) => one.completionIndex).sort()).toEqual([0, 1, 2, 3])
    const isOver = (seen: Seen) => endOf(seen) && seen.pods.every((one) => /^(Failed|Succeeded)$/.test(one.phase))
    const seen = await untilSeen('many', 'to fail', isOver)
    const decisive = decisivePod(seen.pods)
    expect(decisive?.completionIndex).toBe(2)
    expect(trainerOf(decisive)).toMatchObject({ exitCode: 7 })
    expect(await following.source.logTail(decisive as SeenPod, 10)).toEqual(['rank two gives up'])
  })

  it('as a whole equals a fresh list', async () => {
    const view = await untilEqual(cluster, following, namespace)
    expect(view.jobs.length).toBeGreaterThanOrEqual(8)
    expect(new Set(view.pods.map((one) => one.uid)).size).toBe(view.pods.length)
  })
})
