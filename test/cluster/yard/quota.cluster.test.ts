import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resource } from '../base/kubernetes.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { saysItSucceeded, shellTraining } from '../support/shell-training.ts'
import { openYard, type RunAnswer, type Yard } from '../support/yard.ts'
import { podsOfRun, untilTold } from '../support/yard-objects.ts'

/*
 * Pods that the API server refuses: by a ResourceQuota that is used up, by a LimitRange that no waiting changes. The Job has no pod and no
 * condition that says so; the Job controller tells it in an event.
 */

let cluster: Cluster
let waiting: Yard
let hasty: Yard
/** Path of the quota in the namespace of `waiting`: no pod at first, and never the memory of the largest training. */
let quota: string

const hasEnded = ({ state }: RunAnswer): boolean => /SUCCEEDED|FAILED|CANCELLED/.test(state)
const isRefused = ({ reason }: RunAnswer): boolean => reason === 'FailedCreate'
const settings = (quota: number): readonly string[] => [
  `reconcile: { cron: '* * * * * *', graceSeconds: { end: 3, lost: 10, quota: ${quota} } }`,
]

async function begin(yard: Yard, name: string, script: string, more: object = {}): Promise<void> {
  const { environment } = yard
  await yard.merge({ [`${name}.yaml`]: shellTraining(cluster, { environment, name, script, ...more }) })
}

describe.runIf(hasRealNode())('a training whose pods are refused', () => {
  beforeAll(async () => {
    cluster = theCluster()
    waiting = await openYard(cluster, { settings: settings(600) })
    hasty = await openYard(cluster, { settings: settings(5) })
    quota = await setQuota(waiting.namespace)
    await limit(hasty.namespace)
  })
  afterAll(async () => {
    try {
      await waiting?.close()
    } finally {
      await hasty?.close()
    }
  })

  it.concurrent('waits in the words of the quota, and trains when the quota frees, in the same attempt', async () => {
    await begin(waiting, 'over-quota', saysItSucceeded)
    const run = await waiting.untilRun('over-quota', 'to be refused', isRefused, 90)
    expect(run.state).toBe('QUEUED')
    expect(run.message).toContain('exceeded quota: small')
    expect(run.message).toContain('limited: pods=0')
    expect(await podsOfRun(cluster, waiting, run)).toEqual([])

    await cluster.kubernetes.patch(quota, { spec: { hard: { pods: '10' } } })
    // The Job controller tries again after a pause of its own, of at most a minute.
    const ended = await waiting.untilRun('over-quota', 'to succeed', hasEnded, 180)
    expect(ended).toMatchObject({ state: 'SUCCEEDED', attempt: 1, retry_count: 0, disruption_count: 0 })
  })

  it.concurrent('for long is another attempt, charged to the cluster, and has failed as QUOTA in the end', async () => {
    await begin(hasty, 'over-limit', 'true', { more: '  retry: { maxDisruptions: 1 }\n' })
    const next = await hasty.untilRun('over-limit', 'to be at its next attempt', ({ attempt }) => attempt === 2, 120)
    expect(next).toMatchObject({ retry_count: 0, disruption_count: 1 })
    expect(next.attempts[0]).toMatchObject({ state: 'FAILED', failure_class: 'QUOTA', disruptions: 0 })
    const told = await untilTold(hasty, next, 'AttemptFailed')
    expect(told[0]?.message).toContain('maximum memory usage per Container is 32Mi')

    const ended = await hasty.untilRun('over-limit', 'to fail', hasEnded, 120)
    expect(ended).toMatchObject({ state: 'FAILED', reason: 'QUOTA', attempt: 2, retry_count: 0 })
    const { attempts } = await hasty.untilRun('over-limit', 'to be retired', ({ attempts: [one, two] }) => {
      return one?.retired_at && two?.retired_at
    })
    // Nothing but what the Job's own events said is left of it.
    for (const { evidence } of attempts) {
      const events = evidence as unknown as { events: readonly { reason: string; object: string }[] }
      expect(events.events.map(({ reason }) => reason)).toContain('FailedCreate')
    }
    // What fits trains in the same namespace: nothing of what was refused holds a place.
    await begin(hasty, 'within-limit', saysItSucceeded, { memory: '{ request: 8Mi, limit: 32Mi }' })
    expect(await hasty.untilRun('within-limit', 'to succeed', hasEnded, 120)).toMatchObject({ state: 'SUCCEEDED' })
  })

  it.concurrent('to the end of its own time has failed as QUOTA too, and not for its deadline', async () => {
    const more = '  retry: { maxDisruptions: 0 }\n'
    await begin(waiting, 'over-time', 'true', { timeoutSeconds: 10, more, memory: '{ request: 8Gi, limit: 8Gi }' })
    const ended = await waiting.untilRun('over-time', 'to fail', hasEnded, 120)
    expect(ended).toMatchObject({ state: 'FAILED', reason: 'QUOTA', attempt: 1 })
    expect(ended.message).toContain('exceeded quota')
  })
})

async function setQuota(namespace: string): Promise<string> {
  const metadata = { name: 'small', namespace }
  const hard = { pods: '0', 'limits.memory': '4Gi' }
  await cluster.kubernetes.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } })
  const path = resource('v1', 'resourcequotas', namespace, 'small')
  const isCounted = ({ status }: { readonly status?: { readonly hard?: object } }): boolean =>
    status?.hard !== undefined
  await cluster.kubernetes.until(path, 'to be counted', isCounted, 60)
  return path
}

/** A limit below what every usual training asks for. */
async function limit(namespace: string): Promise<void> {
  const limits = [{ type: 'Container', max: { memory: '32Mi' } }]
  const metadata = { name: 'small', namespace }
  await cluster.kubernetes.apply({ apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits } })
}
