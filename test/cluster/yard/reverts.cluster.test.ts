import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { applicationPath, type Application } from '../support/applications.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { expectGhostStopped } from '../support/ghosts.ts'
import { jobPath } from '../support/jobs.ts'
import { mergeTraining, saysItSucceeded, untilStopped } from '../support/shell-training.ts'
import { openYard, type Yard } from '../support/yard.ts'
import {
  hasEnded,
  hasSucceeded,
  isRunning,
  jobsApplication,
  lookNow,
  newestJobName,
  shortGraces,
  untilGhost,
  untilJobGone,
  untilTold,
} from '../support/yard-objects.ts'

/* What people do to the deploy repository behind Specyard's back, and what the cluster refuses. */

let cluster: Cluster
let yard: Yard

const begin = (name: string, script: string, more = ''): Promise<void> =>
  mergeTraining(cluster, yard, name, { script, more })

describe.runIf(hasRealNode())('a deploy repository that somebody else edits', () => {
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, { settings: shortGraces })
  })
  afterAll(() => yard?.close())

  it('what the cluster refuses is on the record in its own words, and goes on when it is let in', async () => {
    await begin('let-in', saysItSucceeded)
    await yard.untilRun('let-in', 'to succeed', hasEnded, 90)
    const words = 'nothing trains here on Fridays'
    const admission = await refuse(words)
    try {
      await begin('refused', saysItSucceeded)
      const refused = await yard.untilRun('refused', 'to be refused', ({ message }) => message.includes(words), 90)
      expect(refused).toMatchObject({ state: 'PENDING', reason: 'SyncFailed', attempt: 1 })
      expect(refused.attempts[0]).toMatchObject({ job_uid: null, lease_granted_at: null })
      await untilTold(yard, refused, 'SyncFailed')
      const application = await cluster.kubernetes.get<Application>(applicationPath(jobsApplication(yard)))
      expect(application?.status?.health?.status).toBe('Healthy')
    } finally {
      await admission.lift()
    }
    await lookNow(cluster, yard)
    const ended = await yard.untilRun('refused', 'to succeed', hasEnded, 120)
    expect(ended).toMatchObject({ state: 'SUCCEEDED', attempt: 1, retry_count: 0 })
  })

  it('who reverts the commit that retired a training brings back a Job that trains nothing', async () => {
    await begin('brought-back', saysItSucceeded, '  ttlSecondsAfterFinished: 1\n')
    const run = await yard.untilRun('brought-back', 'to be retired', ({ attempts }) => attempts[0]?.retired_at, 90)
    await untilJobGone(cluster, yard, newestJobName(run))
    await yard.deploy.revert(await commitOf('retire', 'brought-back'))
    await lookNow(cluster, yard)

    const ghost = await untilGhost(cluster, yard, newestJobName(run), run.attempts[0]?.job_uid ?? null)
    await expectGhostStopped(cluster, yard, run, ghost)
    expect(await yard.newestRun('brought-back')).toMatchObject({ state: 'SUCCEEDED', attempt: 1 })
  })

  it('who reverts a retry is reported, and nothing trains further', async () => {
    await begin(
      'retry-reverted',
      `[ "$ATTEMPT" = 2 ] || exit 3; ${untilStopped}`,
      `  terminationGraceSeconds: 1\n  retry: { maxRetries: 2, backoffSeconds: 1 }\n`,
    )
    const run = await yard.untilRun(
      'retry-reverted',
      'to train again',
      (one) => one.attempt === 2 && isRunning(one),
      90,
    )
    await yard.deploy.revert(await commitOf('retry', 'retry-reverted'))
    await lookNow(cluster, yard)
    await untilJobGone(cluster, yard, newestJobName(run))

    const told = await untilTold(yard, run, 'ChangedByHand')
    expect(told[0]?.message).toMatch(/A Person/)
    const ended = await yard.untilRun('retry-reverted', 'to be over', hasEnded, 90)
    expect(ended).toMatchObject({ state: 'FAILED', reason: 'LOST', attempt: 2 })
    expect((await yard.eventsOf(run)).filter(({ reason }) => reason === 'ChangedByHand')).toHaveLength(told.length)
  })

  it('a Job that is deleted where nothing heals is made again by the next commit, and trains nothing', async () => {
    await begin('unhealed', untilStopped, '  terminationGraceSeconds: 1\n')
    const run = await yard.untilRun('unhealed', 'to train', isRunning, 90)
    await healNothing()
    await cluster.kubernetes.remove(jobPath(yard.namespace, newestJobName(run)))
    await untilJobGone(cluster, yard, newestJobName(run))
    await yard.untilRun('unhealed', 'to be lost', hasEnded, 60)
    expect(await cluster.kubernetes.get(jobPath(yard.namespace, newestJobName(run)))).toBeUndefined()

    await begin('another', saysItSucceeded)
    const ghost = await untilGhost(cluster, yard, newestJobName(run), run.attempts[0]?.job_uid ?? null)
    await expectGhostStopped(cluster, yard, run, ghost)
    expect(await yard.newestRun('unhealed')).toMatchObject({ state: 'FAILED', reason: 'LOST', attempt: 1 })
    await yard.untilRun('another', 'to succeed', hasSucceeded, 60)
  })
})

/** As somebody has it who switched self-healing off; the root Application would switch it on again. */
async function healNothing(): Promise<void> {
  const { kubernetes } = cluster
  const annotations = { 'argocd.argoproj.io/skip-reconcile': 'true' }
  await kubernetes.patch(applicationPath(`${yard.environment}.applications`), { metadata: { annotations } })
  const automated = { selfHeal: false }
  await kubernetes.patch(applicationPath(jobsApplication(yard)), { spec: { syncPolicy: { automated } } })
}

/** The API server refuses every Job of the yard with these words, until it is lifted. */
async function refuse(words: string): Promise<{ lift(): Promise<void> }> {
  const { kubernetes } = cluster
  const name = `no-jobs-${yard.namespace}`
  const kinds = { apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['jobs'] }
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': yard.namespace } }
  const [policy, binding] = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'].map((kind) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name },
  }))
  if (!policy || !binding) throw new Error('no policy')
  const validations = [{ expression: 'false', message: words }]
  await kubernetes.apply({
    ...policy,
    spec: { matchConstraints: { namespaceSelector, resourceRules: [kinds] }, validations },
  })
  await kubernetes.apply({ ...binding, spec: { policyName: name, validationActions: ['Deny'] } })
  const collection = '/apis/admissionregistration.k8s.io/v1'
  // It takes the API server a moment to heed it.
  const probe = { apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'probe-' }, spec: probeSpec }
  const isHeeded = async (): Promise<boolean> =>
    (
      await kubernetes.request('POST', `${resource('batch/v1', 'jobs', yard.namespace)}?dryRun=All`, probe)
    ).body.includes(words)
  await until('the policy to be heeded', isHeeded, { seconds: 60 })
  return {
    lift: async () => {
      await kubernetes.remove(`${collection}/validatingadmissionpolicybindings/${name}`)
      await kubernetes.remove(`${collection}/validatingadmissionpolicies/${name}`)
    },
  }
}

const probeSpec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'probe', image: 'probe' }] } } }

/** The commit of the deploy repository that did this to a training. */
async function commitOf(action: string, name: string): Promise<string> {
  const subject = `${yard.environment}/language/${name}`
  const { items } = await yard.ask<{ items: readonly { commit: string; action: string; subjects: string[] }[] }>(
    '/v1/publications',
  )
  const found = items.find((one) => one.action.split(',').includes(action) && one.subjects.includes(subject))
  if (!found) throw new Error(`nothing was published to ${action} ${subject}: ${JSON.stringify(items)}`)
  return found.commit
}
