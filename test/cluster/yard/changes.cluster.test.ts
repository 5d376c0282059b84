import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../base/wait.ts'
import { type Application, applicationPath } from '../support/applications.ts'
import { containerStarts, readAudit } from '../support/audit.ts'
import { type Cluster, hasRealNode, theCluster } from '../support/cluster.ts'
import { jobPath } from '../support/jobs.ts'
import { saysItSucceeded, type ShellTraining, shellTraining, untilStopped } from '../support/shell-training.ts'
import { openYard, type RunAnswer, type Yard } from '../support/yard.ts'
import {
  hasSucceeded,
  isCancelled,
  isRunning,
  jobsApplication,
  newestJobName,
  podsOfRun,
  shortGraces,
  untilJobGone,
} from '../support/yard-objects.ts'

/* What people change, and what it means for what trains. */

let cluster: Cluster
let yard: Yard

const soonGone = '  terminationGraceSeconds: 1\n  ttlSecondsAfterFinished: 1\n'

const specOf = (name: string, training: Omit<ShellTraining, 'environment' | 'name'>): string =>
  shellTraining(cluster, { environment: yard.environment, name, ...training })

const runsOf = async (name: string): Promise<readonly { readonly id: string; readonly state: string }[]> =>
  (await yard.ask<{ items: readonly { id: string; state: string }[] }>(`/v1/jobs?name=${name}`)).items

describe.runIf(hasRealNode())('a change of the specs', () => {
  beforeAll(async () => {
    cluster = theCluster()
    yard = await openYard(cluster, { settings: shortGraces })
  })
  afterAll(() => yard?.close())

  it.concurrent('cancelled on request: its pods go, and what they were is on the record', async () => {
    await yard.merge({
      'unwanted.yaml': specOf('unwanted', { script: `echo here I am; ${untilStopped}`, more: soonGone }),
    })
    const run = await yard.untilRun('unwanted', 'to train', isRunning, 90)
    // A container runs before its first line is written.
    const said = async (): Promise<boolean> => {
      const { lines } = await yard.ask<{ readonly lines: readonly string[] }>(`/v1/jobs/${run.id}/logs?tail=10`)
      return lines.length > 0
    }
    await until('the trainer to say that it is there', said, { seconds: 60 })
    await yard.ask(`/v1/jobs/${run.id}/cancel`, 'POST')
    const cancelled = await yard.untilRun('unwanted', 'to be cancelled', isCancelled, 60)
    expect(cancelled).toMatchObject({ reason: 'REQUESTED', attempt: 1, retry_count: 0 })
    expect(await podsOfRun(cluster, yard, run)).toEqual([])
    await untilJobGone(cluster, yard, newestJobName(run))
    const { attempts } = await yard.untilRun('unwanted', 'to have evidence', (one) => one.attempts[0]?.evidence)
    expect(attempts[0]?.evidence).toMatchObject({ node: cluster.node?.name, log_tail: ['here I am'] })
  })

  it.concurrent('superseded: the trainer that follows starts after the pods before it are gone', async () => {
    // It takes its time to end: as long as a busy machine may need to say that the next one waits for it.
    const slow = `trap 'sleep 20; exit 143' TERM; sleep 3600 & wait $!`
    const more = '  terminationGraceSeconds: 60\n  ttlSecondsAfterFinished: 1\n'
    await yard.merge({ 'superseded.yaml': specOf('superseded', { script: slow, more }) })
    const before = await yard.untilRun('superseded', 'to train', isRunning, 90)
    await yard.merge({ 'superseded.yaml': specOf('superseded', { script: saysItSucceeded, more, seed: 2 }) })
    const isNext = (run: RunAnswer): boolean => run.id !== before.id
    await yard.untilRun(
      'superseded',
      'to wait for the one before',
      (run) => isNext(run) && /Predecessor/.test(run.reason),
      60,
    )
    const next = await yard.untilRun('superseded', 'to succeed', (run) => isNext(run) && hasSucceeded(run), 90)
    expect(await yard.ask(`/v1/jobs/${before.id}`)).toMatchObject({ state: 'CANCELLED', reason: 'SUPERSEDED' })

    const starts = containerStarts(readAudit(cluster, yard.auditFrom), 'trainer')
    const lifeOf = (run: RunAnswer) => starts.find(({ labels }) => labels['job-id'] === run.id)
    const [old, young] = [lifeOf(before), lifeOf(next)]
    expect(old?.finishedAt).toEqual(expect.any(String))
    expect(Date.parse(young?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(old?.finishedAt ?? ''))
  })

  it.concurrent('a raised rerun trains the same again, as another run', async () => {
    const spec = (more: string): string => specOf('again', { script: saysItSucceeded, more: soonGone + more })
    await yard.merge({ 'again.yaml': spec('') })
    const first = await yard.untilRun('again', 'to succeed', hasSucceeded, 90)
    await yard.merge({ 'again.yaml': spec('  rerun: 1\n') })
    const second = await yard.untilRun(
      'again',
      'to succeed again',
      (run) => run.id !== first.id && hasSucceeded(run),
      90,
    )
    expect(newestJobName(second)).not.toBe(newestJobName(first))
  })

  it.concurrent('removed and restored: what was cancelled stays so', async () => {
    const spec = specOf('removed', { script: untilStopped, more: soonGone })
    await yard.merge({ 'removed.yaml': spec })
    const run = await yard.untilRun('removed', 'to train', isRunning, 90)
    await yard.merge({ 'removed.yaml': null })
    expect(await yard.untilRun('removed', 'to be cancelled', isCancelled, 60)).toMatchObject({ reason: 'SPEC_REMOVED' })
    await untilJobGone(cluster, yard, newestJobName(run))

    // The training beside it shows that the commit was published.
    await yard.merge({
      'removed.yaml': spec,
      'beside.yaml': specOf('beside', { script: saysItSucceeded, more: soonGone }),
    })
    await yard.untilRun('beside', 'to succeed', hasSucceeded, 90)
    expect(await runsOf('removed')).toMatchObject([{ id: run.id, state: 'CANCELLED' }])
    expect(await cluster.kubernetes.get(jobPath(yard.namespace, newestJobName(run)))).toBeUndefined()
  })

  it.concurrent('a reverted commit stops what it started, and starts nothing', async () => {
    await yard.merge({ 'reverted.yaml': specOf('reverted', { script: saysItSucceeded, more: soonGone }) })
    const first = await yard.untilRun('reverted', 'to be retired', ({ attempts }) => attempts[0]?.retired_at, 90)
    const change = await yard.merge({
      'reverted.yaml': specOf('reverted', { script: untilStopped, more: soonGone, seed: 2 }),
    })
    await yard.untilRun('reverted', 'to train what was changed', (run) => run.id !== first.id && isRunning(run), 90)
    await yard.specs.revert(change)
    const second = await yard.untilRun('reverted', 'to be cancelled', isCancelled, 60)
    expect(second).toMatchObject({ reason: 'SUPERSEDED' })
    await untilJobGone(cluster, yard, newestJobName(second))
    expect(await runsOf('reverted')).toMatchObject([
      { id: second.id, state: 'CANCELLED' },
      { id: first.id, state: 'SUCCEEDED' },
    ])
    expect(await cluster.kubernetes.get(jobPath(yard.namespace, newestJobName(first)))).toBeUndefined()
  })

  it('of an environment restarts nothing, and counts for the run that comes next', async () => {
    const patient = (seed: number): string => specOf('patient', { script: untilStopped, more: soonGone, seed })
    await yard.merge({ 'patient.yaml': patient(1) })
    const run = await yard.untilRun('patient', 'to train', isRunning, 90)
    await yard.mergeEnvironment(['  storage: { type: pvc, claim: elsewhere }', '  nodeLostSeconds: 7'])
    // Something that is published with the change, or after it, shows that it was heeded.
    await yard.merge({ 'marker.yaml': specOf('marker', { script: 'true', more: soonGone }) })
    const marker = await yard.untilRun('marker', 'to be made', ({ attempts }) => attempts[0]?.job_uid, 60)
    expect(JSON.stringify(await cluster.kubernetes.get(jobPath(yard.namespace, newestJobName(marker))))).toContain(
      'elsewhere',
    )
    const still = await yard.untilRun('patient', 'to train on', isRunning)
    expect(still).toMatchObject({ id: run.id, attempts: [{ job_uid: run.attempts[0]?.job_uid }] })
    await yard.mergeEnvironment([])
    await yard.merge({ 'patient.yaml': null, 'marker.yaml': null })
    for (const name of ['patient', 'marker']) await yard.untilRun(name, 'to be over', isCancelled, 60)
  })

  it('the last training of a project can be cancelled', async () => {
    const manifests = async (): Promise<readonly string[]> =>
      (await yard.deploy.paths()).filter((path) => /\/jobs\/.*\.yaml$/.test(path))
    await yard.merge({ 'last.yaml': specOf('last', { script: untilStopped, more: soonGone }) })
    const run = await yard.untilRun('last', 'to train', isRunning, 90)
    await until('all others to be retired', async () => (await manifests()).length === 1, { seconds: 60 })
    await yard.ask(`/v1/jobs/${run.id}/cancel`, 'POST')
    await yard.untilRun('last', 'to be cancelled', isCancelled, 60)
    await untilJobGone(cluster, yard, newestJobName(run))
    expect(await manifests()).toEqual([])
    const isSynced = ({ status }: Application): boolean => status?.sync?.status === 'Synced'
    const path = applicationPath(jobsApplication(yard))
    await cluster.kubernetes.until<Application>(path, 'to be synced with nothing', isSynced, 60)
  })
})
