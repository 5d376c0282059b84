import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resource } from '../base/kubernetes.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { expectGhostStopped } from '../support/ghosts.ts'
import { jobPath } from '../support/jobs.ts'
import { mergeTraining, saysItSucceeded, untilStopped } from '../support/shell-training.ts'
import { openYard, type Yard } from '../support/yard.ts'
import {
  hasEnded,
  hasSucceeded,
  isRunning,
  lookNow,
  lostGraceSeconds,
  newestJobName,
  podsOfRun,
  shortGraces,
  untilGhost,
  untilJobGone,
  untilTold,
} from '../support/yard-objects.ts'

/*
 * A Job in Git that is deleted is made again by Argo CD: the oldest and dearest trap of finite things under GitOps. None of these trains twice.
 */

let cluster: Cluster
let yard: Yard

const begin = (name: string, script: string, more = ''): Promise<void> =>
  mergeTraining(cluster, yard, name, { script, more })

const soonGone = '  terminationGraceSeconds: 1\n'

describe.runIf(hasRealNode())('a Job that was deleted is made again by Argo CD and trains nothing', () => {
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, { settings: shortGraces })
  })
  afterAll(() => yard?.close())

  it.concurrent.each(['Background', 'Foreground'] as const)('deleted by hand, %s', async (propagation) => {
    const name = `deleted-${propagation.toLowerCase()}`
    await begin(name, untilStopped, soonGone)
    const run = await yard.untilRun(name, 'to train', isRunning, 90)
    const owner = run.attempts[0]?.job_uid ?? null
    await cluster.kubernetes.remove(jobPath(yard.namespace, newestJobName(run)), propagation)

    const ghost = await untilGhost(cluster, yard, newestJobName(run), owner)
    await expectGhostStopped(cluster, yard, run, ghost)
    const ended = await yard.untilRun(name, 'to be lost', hasEnded, 90)
    expect(ended).toMatchObject({ state: 'FAILED', reason: 'LOST', attempt: 1, disruption_count: 0, retry_count: 0 })
    expect(ended.attempts[0]).toMatchObject({ job_uid: owner, failure_class: 'LOST' })
  })

  it.concurrent('deleted without its pods: the orphan trains on, and what it says is the outcome', async () => {
    await begin('orphaned', `sleep 36; ${saysItSucceeded}`)
    const run = await yard.untilRun('orphaned', 'to train', isRunning, 90)
    const owner = run.attempts[0]?.job_uid ?? null
    await cluster.kubernetes.remove(jobPath(yard.namespace, newestJobName(run)), 'Orphan')

    const ghost = await untilGhost(cluster, yard, newestJobName(run), owner)
    await expectGhostStopped(cluster, yard, run, ghost)
    const orphans = await untilTold(yard, run, 'OrphanPod')
    expect(orphans).toHaveLength(1)
    const alone = await yard.untilRun('orphaned', 'to go on without its Job', ({ reason }) => reason === 'Orphaned')
    expect(alone).toMatchObject({ state: 'RUNNING', message: expect.stringContaining('pod') as string })
    const ended = await yard.untilRun('orphaned', 'to end', hasEnded, 120)
    expect(ended).toMatchObject({ state: 'SUCCEEDED', attempt: 1, message: 'said by the shell' })
    const { attempts } = await yard.untilRun('orphaned', 'to have evidence', (one) => one.attempts[0]?.evidence)
    expect(attempts[0]?.evidence).toMatchObject({ exit_code: 0, node: cluster.node?.name })
  })

  it.concurrent('deleted by its time to live, after it succeeded', async () => {
    await begin('expired', saysItSucceeded)
    const run = await yard.untilRun('expired', 'to succeed', hasSucceeded, 90)
    const owner = run.attempts[0]?.job_uid ?? null
    await cluster.kubernetes.patch(jobPath(yard.namespace, newestJobName(run)), {
      spec: { ttlSecondsAfterFinished: 1 },
    })

    const ghost = await untilGhost(cluster, yard, newestJobName(run), owner)
    await expectGhostStopped(cluster, yard, run, ghost)
    expect(await yard.newestRun('expired')).toMatchObject({ state: 'SUCCEEDED', attempt: 1 })
  })

  it.concurrent('a Job that vanishes is lost only after the grace, and late evidence corrects that', async () => {
    await begin('vanished', untilStopped, soonGone)
    const run = await yard.untilRun('vanished', 'to train', isRunning, 90)
    const [attempt] = run.attempts
    const [pod] = await podsOfRun(cluster, yard, run)
    // Without its manifest nobody makes it again.
    const manifest = `environments/${yard.environment}/language/jobs/${newestJobName(run)}.yaml`
    await yard.deploy.commit('Take a training away by hand', { [manifest]: null })
    await lookNow(cluster, yard)
    await untilJobGone(cluster, yard, newestJobName(run))
    const gone = Date.now()
    const unobserved = await yard.untilRun('vanished', 'to be unobserved', ({ reason }) => reason === 'Unobserved', 20)
    expect(unobserved.state).toBe('RUNNING')
    const lost = await yard.untilRun('vanished', 'to be lost', hasEnded, 60)
    expect(lost).toMatchObject({ state: 'FAILED', reason: 'LOST', attempt: 1 })
    expect(Date.now() - gone).toBeGreaterThan((lostGraceSeconds - 3) * 1000)

    const lease = resource('v1', 'secrets', yard.namespace, `callback-token-${run.id}-${attempt?.attempt}`)
    const { data } = (await cluster.kubernetes.get<{ data: { token: string } }>(lease)) ?? { data: { token: '' } }
    await yard.say(run, 'done', Buffer.from(data.token, 'base64').toString(), {
      ...{ pod_uid: pod?.metadata.uid, sequence: 1, outcome: 'SUCCEEDED', message: 'it came late' },
    })
    const corrected = await yard.untilRun('vanished', 'to be corrected', hasSucceeded)
    expect(corrected).toMatchObject({ attempt: 1, message: 'it came late' })
    await untilTold(yard, run, 'LateEvidence')
  })
})
