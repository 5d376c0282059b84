import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaseSecretName } from '../../../domain/names.ts'
import { resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Cluster, hasRealNode, realNodeOf, theCluster } from '../support/cluster.ts'
import { kill, revive } from '../support/faults.ts'
import { trainerStarts } from '../support/invariant.ts'
import { endOf, type Job, jobPath, podsOf } from '../support/jobs.ts'
import { says, shellTraining } from '../support/shell-training.ts'
import { addNodes, isReady, type Node, nodePath, removeNodes } from '../support/simulated-nodes.ts'
import { openYard, type RunAnswer, type Yard } from '../support/yard.ts'
import { untilTold } from '../support/yard-objects.ts'

/*
 * The kubelet of the real node dies while a training runs there: its container goes on, and nobody hears of it. The attempt counts as lost, another
 * begins on a node that is played, and then the real node is back, with all that was on it.
 */

let cluster: Cluster
let yard: Yard
let token: string
let run: RunAnswer
const others: string[] = []

const isRunning = ({ state }: RunAnswer): boolean => state === 'RUNNING'
const place = { node: '' }

/** Reports a step each second, for as long as it lives. On a node that is played nothing runs. */
const reports = [
  'step=0; while true; do step=$((step + 1))',
  says('heartbeat', { sequence: 0, step: 0 }).replace('"sequence":0,"step":0', `"sequence":'$step',"step":'$step'`),
  'sleep 1; done',
].join('; ')

describe.runIf(hasRealNode())('a training whose node is lost and comes back', () => {
  beforeAll(async () => {
    cluster = theCluster()
    place.node = realNodeOf(cluster).name
    yard = await openYard(cluster, {
      settings: [`reconcile: { cron: '* * * * * *', graceSeconds: { end: 3, lost: 10 } }`],
      environment: () => ['  nodeLostSeconds: 5'],
    })
    const more = '  terminationGraceSeconds: 1\n  env: { SIMULATE_RUN_FOR: forever }\n'
    const { environment } = yard
    const script = `trap 'exit 143' TERM; ${reports}`
    await yard.merge({ 'returns.yaml': shellTraining(cluster, { environment, name: 'returns', script, more }) })
    run = await yard.untilRun('returns', 'to train and to say so', (one) => isRunning(one) && stepOf(one) > 2, 120)
    token = await tokenOf(run, 1)
    // Somebody stays Ready, and takes what comes.
    others.push(...(await addNodes(cluster, { prefix: `${environment}-other`, count: 1, isOpen: true })))
    await kill(cluster, 'kubelet')
  })
  afterAll(async () => {
    revive(cluster, 'kubelet')
    await cluster.kubernetes.until<Node>(nodePath(place.node), 'to be Ready again', isReady, 90)
    await yard?.close()
    await removeNodes(cluster, others)
  })

  it('goes on elsewhere as another attempt while the node is lost', async () => {
    const isNext = (one: RunAnswer): boolean => one.attempt === 2 && isRunning(one)
    const next = await yard.untilRun('returns', 'to train elsewhere', isNext, 240)
    expect(next).toMatchObject({ retry_count: 0, disruption_count: 1 })
    expect(next.attempts[0]).toMatchObject({ state: 'FAILED', failure_class: 'NODE_LOST' })
    const [pod] = await podsOf(cluster, yard.namespace, next.attempts[1]?.job_name ?? '')
    expect(others).toContain(pod?.spec.nodeName)
  })

  it('hears no more of what its old trainer does, which goes on there, and keeps its end as evidence', async () => {
    const pod = { pod_uid: 'the-old-one', sequence: 100_000 }
    await expect(yard.say(run, 'heartbeat', token, { ...pod, step: 100_000 })).rejects.toThrow('TOKEN_SUPERSEDED')
    // Its container runs on: its own reports are refused like this one, and move nothing.
    const before = await yard.untilRun('returns', 'to be at its second attempt', ({ attempt }) => attempt === 2)
    await yard.say(run, 'done', token, { ...pod, outcome: 'SUCCEEDED' })
    const told = await untilTold(yard, run, 'LateEnd')
    expect(told[0]?.message).toContain('attempt 1 has reported success after it counted as failed (NODE_LOST)')
    const after = await yard.untilRun('returns', 'to go on', isRunning)
    expect(after).toMatchObject({ state: 'RUNNING', attempt: 2, retry_count: 0 })
    expect(stepOf(after)).toBe(stepOf(before))
    expect(after.attempts[0]).toMatchObject({ state: 'FAILED', failure_class: 'NODE_LOST' })
  })

  it('when the node is back: its old trainer ends there, and none of that attempt starts again', async () => {
    // On a node that is played no container asks for its lease: what comes now is to go where one does.
    for (const node of others) await cluster.kubernetes.patch(nodePath(node), { spec: { unschedulable: true } })
    revive(cluster, 'kubelet')
    await cluster.kubernetes.until<Node>(nodePath(place.node), 'to be Ready again', isReady, 90)
    const job = run.attempts[0]?.job_name ?? ''
    // Its Job makes another pod, which finds the lease of nobody: the Job ends, if it was not taken away before.
    const isOver = async (): Promise<boolean> => {
      const seen = await cluster.kubernetes.get<Job>(jobPath(yard.namespace, job))
      const pods = await podsOf(cluster, yard.namespace, job)
      const alive = pods.filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending')
      return (seen === undefined || endOf(seen) !== undefined) && alive.length === 0
    }
    await until('the old Job and its pods to have ended', isOver, { seconds: 180 })
    const now = await yard.untilRun('returns', 'to go on', isRunning)
    expect(now).toMatchObject({ attempt: 2, retry_count: 0, disruption_count: 1 })
    expect((await yard.eventsOf(run)).filter(({ reason }) => reason === 'LateEnd')).toHaveLength(1)

    const starts = trainerStarts(cluster, yard).map(({ labels, node, podUid }) => ({
      ...{ attempt: labels['specyard.dev/attempt'], node, podUid },
    }))
    expect(starts.filter(({ attempt }) => attempt === '1')).toHaveLength(1)
    expect(starts.filter(({ attempt }) => attempt === '2').map(({ node }) => node)).toEqual(others)
  })
})

function stepOf(one: RunAnswer): number {
  return (one as unknown as { readonly progress: { readonly step: number | null } | null }).progress?.step ?? 0
}

/** The token that the trainer of an attempt was given. */
async function tokenOf({ id }: RunAnswer, attempt: number): Promise<string> {
  const path = resource('v1', 'secrets', yard.namespace, leaseSecretName(id, attempt))
  const secret = await cluster.kubernetes.get<{ readonly data: Readonly<Record<string, string>> }>(path)
  return Buffer.from(secret?.data['token'] ?? '', 'base64').toString()
}
