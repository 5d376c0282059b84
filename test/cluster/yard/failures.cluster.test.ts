import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resource } from '../base/kubernetes.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { podsOf } from '../support/jobs.ts'
import { mergeTraining, saysItSucceeded, type ShellTraining } from '../support/shell-training.ts'
import { openYard, type RunAnswer, type Yard } from '../support/yard.ts'
import {
  hasEnded,
  isCancelled,
  isRunning,
  newestJobName,
  podsOfRun,
  shortGraces,
  untilTold,
} from '../support/yard-objects.ts'

/* Each class of failure, brought about as it comes about, and told apart by what the cluster says of it. */

let cluster: Cluster
let yard: Yard

const once = '  retry: { maxRetries: 0 }\n'

const begin = (name: string, training: Omit<ShellTraining, 'environment' | 'name'>): Promise<void> =>
  mergeTraining(cluster, yard, name, training)

describe.runIf(hasRealNode())('a training that fails', () => {
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, { settings: shortGraces })
  })
  afterAll(() => yard?.close())

  it.concurrent('by itself is tried again by a commit, and has failed when no attempt is left', async () => {
    await begin('exits', {
      script: 'echo attempt $ATTEMPT gives up; exit 3',
      more: '  retry: { maxRetries: 1, backoffSeconds: 1 }\n',
    })
    const run = await yard.untilRun('exits', 'to fail', hasEnded, 120)
    expect(run).toMatchObject({ state: 'FAILED', reason: 'APP_EXIT', attempt: 2, retry_count: 1, disruption_count: 0 })
    expect(run.attempts.map((one) => [one.state, one.failure_class])).toEqual([
      ['FAILED', 'APP_EXIT'],
      ['FAILED', 'APP_EXIT'],
    ])
    const evidence = await yard.untilRun('exits', 'to have evidence', ({ attempts }) => attempts[1]?.evidence)
    expect(evidence.attempts[1]?.evidence).toMatchObject({ exit_code: 3, log_tail: ['attempt 2 gives up'] })
    const { items } = await yard.ask<{ items: readonly { action: string; subjects: string[] }[] }>('/v1/publications')
    const own = items.filter(({ subjects }) => subjects.some((one) => one.endsWith('/exits')))
    expect(own.flatMap(({ action }) => action.split(',')).filter((one) => one === 'retry')).toHaveLength(1)
    // Before it had no attempt left it had not failed.
    const states = (await yard.eventsOf(run)).map(({ reason }) => reason)
    expect(states.filter((one) => one === 'AttemptFailed')).toHaveLength(2)
  })

  it.concurrent('for want of memory', async () => {
    await begin('hungry', {
      script: 'sleep 1; head -c 64m /dev/zero | tail',
      memory: '{ request: 16Mi, limit: 16Mi }',
      more: once,
    })
    const run = await yard.untilRun('hungry', 'to fail', hasEnded, 120)
    expect(run).toMatchObject({ state: 'FAILED', reason: 'OOM', attempt: 1 })
    const { attempts } = await yard.untilRun('hungry', 'to have evidence', (one) => one.attempts[0]?.evidence)
    expect(attempts[0]?.evidence?.exit_code).toBe(137)
  })

  it.concurrent('for want of a Secret, and takes its place on the node no longer', async () => {
    await begin('unconfigured', {
      script: 'true',
      more: '  env: { PASSWORD: { secret: not-there, key: password } }\n',
    })
    const run = await yard.untilRun('unconfigured', 'to fail', hasEnded, 120)
    expect(run).toMatchObject({ state: 'FAILED', reason: 'CONFIG', attempt: 1, retry_count: 0 })
    expect(run.message).toContain('not-there')
    await expectPlaceFree(run)
  })

  it.concurrent('for want of its image, and takes its place on the node no longer', async () => {
    await begin('unseen', { script: 'true', image: `nowhere.invalid/trainer@sha256:${'0'.repeat(64)}` })
    const run = await yard.untilRun('unseen', 'to fail', hasEnded, 120)
    expect(run).toMatchObject({ state: 'FAILED', reason: 'IMAGE', attempt: 1, retry_count: 0 })
    expect(run.message).toContain('nowhere.invalid')
    await expectPlaceFree(run)
  })

  it.concurrent('because its time is over', async () => {
    await begin('endless', {
      script: `trap 'exit 143' TERM; sleep 3600 & wait $!`,
      timeoutSeconds: 10,
      more: '  terminationGraceSeconds: 1\n',
    })
    const run = await yard.untilRun('endless', 'to fail', hasEnded, 120)
    expect(run).toMatchObject({ state: 'FAILED', reason: 'DEADLINE', attempt: 1, retry_count: 0 })
    expect(run.attempts[0]?.failure_class).toBe('DEADLINE')
  })

  it.concurrent('by its own word', async () => {
    await begin('says-so', { script: saysItSucceeded.replace('SUCCEEDED', 'FAILED'), more: once })
    const run = await yard.untilRun('says-so', 'to fail', hasEnded, 120)
    expect(run).toMatchObject({ state: 'FAILED', reason: 'APP_EXIT', message: 'said by the shell' })
  })

  it.concurrent('not, when it is evicted: its Job starts another pod, in the same attempt', async () => {
    await begin('evicted', { script: `trap 'exit 143' TERM; sleep 20 & wait $!; ${saysItSucceeded}` })
    const run = await yard.untilRun('evicted', 'to train', isRunning, 90)
    await evict((await podsOfRun(cluster, yard, run))[0]?.metadata.name ?? '')

    await untilTold(yard, run, 'Disrupted')
    const ended = await yard.untilRun('evicted', 'to succeed all the same', hasEnded, 120)
    expect(ended).toMatchObject({ state: 'SUCCEEDED', attempt: 1, retry_count: 0, disruption_count: 1 })
    expect(ended.attempts[0]).toMatchObject({ disruptions: 1, job_uid: run.attempts[0]?.job_uid })
  })

  it.concurrent(
    'not, when a node refuses its pod: that is another attempt, and no retry of the application',
    async () => {
      await begin('refused', { script: 'true', cpu: "{ request: '500', limit: '500' }" })
      const run = await yard.untilRun('refused', 'to find no node', ({ reason }) => reason === 'Unschedulable', 90)
      expect(run.state).toBe('QUEUED')
      await bindToRealNode(newestJobName(run))

      const next = await yard.untilRun('refused', 'to be at its next attempt', ({ attempt }) => attempt === 2, 90)
      expect(next).toMatchObject({ retry_count: 0, disruption_count: 1 })
      expect(next.attempts[0]).toMatchObject({ state: 'FAILED', failure_class: 'EVICTED', disruptions: 0 })
      const told = await untilTold(yard, run, 'AttemptFailed')
      expect(told[0]?.message).toContain('OutOfcpu')
      await yard.untilRun('refused', 'to wait again', ({ reason }) => reason === 'Unschedulable', 60)
      await yard.ask(`/v1/jobs/${run.id}/cancel`, 'POST')
      await yard.untilRun('refused', 'to be cancelled', isCancelled, 60)
    },
  )
})

/** What failed without ending by itself is taken away by a commit at once. */
async function expectPlaceFree(run: RunAnswer): Promise<void> {
  const path = resource('batch/v1', 'jobs', yard.namespace, newestJobName(run))
  await yard.untilRun(run.name, 'to be retired', ({ attempts }) => attempts[0]?.retired_at, 60)
  expect(await cluster.kubernetes.get(path)).toBeUndefined()
  expect(await podsOfRun(cluster, yard, run)).toEqual([])
}

async function evict(pod: string): Promise<void> {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace: yard.namespace } }
  await cluster.kubernetes.create(`${resource('v1', 'pods', yard.namespace, pod)}/eviction`, eviction)
}

/** Sends a Job's pod past the scheduler to the real node, which has no room for it. */
async function bindToRealNode(job: string): Promise<void> {
  const [pod] = await podsOf(cluster, yard.namespace, job)
  const name = pod?.metadata.name ?? ''
  await cluster.kubernetes.create(`${resource('v1', 'pods', yard.namespace, name)}/binding`, {
    ...{ apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace: yard.namespace } },
    target: { apiVersion: 'v1', kind: 'Node', name: cluster.node?.name },
  })
}
