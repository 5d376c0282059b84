import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leaseSecretName } from '../../../domain/names.ts'
import type { SeenJob } from '../../../domain/observation.ts'
import type { LeaseName } from '../../../reconciler/sources/cluster.ts'
import { projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import { type KubernetesObject, resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { containerStarts, readAudit } from '../support/audit.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { makeIdentity } from '../support/identities.ts'
import { follow, type Following } from './following.ts'
import { leaseOf, train } from './trainings.ts'

let cluster: Cluster
let namespace: string
let user: string
let following: Following
beforeAll(async () => {
  cluster = theCluster()
  namespace = await makeNamespace(cluster, 'leases')
  const identity = await makeIdentity(cluster, namespace, 'specyard', projectRules)
  user = identity.user
  following = await follow(cluster, [namespace], { kubeconfig: identity.kubeconfig, argocd: false })
})
afterAll(() => removeNamespace(cluster, namespace))

/** A Job that waits for its lease, and its Secret as an administrator sees it. */
async function waiting(name: string) {
  const { metadata } = await train(cluster, { namespace, name })
  const look = async () => (await following.view()).jobs.find((one) => one.uid === metadata.uid)
  return until('the Job', look, { seconds: 30 })
}

interface Secret extends KubernetesObject {
  readonly data: Readonly<Record<string, string>>
}

const pathOf = ({ runId, attempt }: Pick<SeenJob, 'runId' | 'attempt'>) =>
  resource('v1', 'secrets', namespace, leaseSecretName(runId, attempt))

async function secretOf(job: SeenJob): Promise<Readonly<Record<string, string>> | undefined> {
  const secret = await cluster.kubernetes.get<Secret>(pathOf(job))
  if (secret === undefined) return undefined
  return Object.fromEntries(Object.entries(secret.data).map(([key, value]) => [key, atob(value)]))
}

const seenLease = async (job: LeaseName) => (await following.view()).leases.find((one) => one.runId === job.runId)

describe('a lease', () => {
  it('is granted once: its trainer starts, and the view has it without its token', async () => {
    const job = await waiting('granted')
    expect(await seenLease(job)).toBeUndefined()
    const grant = leaseOf(job, 'first-token')
    await following.source.grantLease(grant)
    expect(await secretOf(job)).toEqual({ token: 'first-token', 'job-uid': job.uid })
    expect(await seenLease(job)).toEqual({
      runId: job.runId,
      attempt: 1,
      jobUid: job.uid,
      tokenExpiresAt: grant.tokenExpiresAt,
    })
    const ended = async () => (await following.view()).jobs.find((one) => one.uid === job.uid)?.succeeded === 1
    await until('its trainer to end', ended, { seconds: 60 })
    expect(containerStarts(readAudit(cluster), 'trainer').filter((one) => one.jobUid === job.uid)).toHaveLength(1)
  })

  it('granted again, for the same Job or another one, stays as it is', async () => {
    const job = await waiting('again')
    await following.source.grantLease(leaseOf(job, 'first-token'))
    await following.source.grantLease(leaseOf(job, 'second-token'))
    await following.source.grantLease(leaseOf({ ...job, uid: 'another-job' }, 'third-token'))
    expect(await secretOf(job)).toEqual({ token: 'first-token', 'job-uid': job.uid })
    expect(await seenLease(job)).toMatchObject({ jobUid: job.uid })
  })

  it('that many grant at once goes to one Job alone', async () => {
    const job = await waiting('contested')
    const uids = Array.from({ length: 8 }, (_, number) => `job-${number}`)
    await Promise.all(uids.map((uid) => following.source.grantLease(leaseOf({ ...job, uid }, `token of ${uid}`))))
    const secret = await secretOf(job)
    expect(uids).toContain(secret?.['job-uid'])
    expect(secret?.['token']).toBe(`token of ${secret?.['job-uid']}`)
    expect(await seenLease(job)).toMatchObject({ jobUid: secret?.['job-uid'] })
  })

  it('gets a fresh token, and none when it belongs to another Job or is gone', async () => {
    const job = await waiting('renewed')
    await following.source.grantLease(leaseOf(job, 'first-token'))
    const renewal = leaseOf(job, 'second-token')
    await following.source.rotateToken(renewal)
    expect(await secretOf(job)).toEqual({ token: 'second-token', 'job-uid': job.uid })
    expect((await seenLease(job))?.tokenExpiresAt).toEqual(renewal.tokenExpiresAt)

    await following.source.rotateToken(leaseOf({ ...job, uid: 'another-job' }, 'third-token'))
    expect(await secretOf(job)).toEqual({ token: 'second-token', 'job-uid': job.uid })

    await cluster.kubernetes.remove(pathOf(job))
    await following.source.rotateToken(leaseOf(job, 'fourth-token'))
    expect(await secretOf(job)).toBeUndefined()
  })

  it('that is renewed keeps what others have written beside it', async () => {
    const job = await waiting('annotated')
    await following.source.grantLease(leaseOf(job, 'first-token'))
    const others = { labels: { team: 'language' }, annotations: { 'backup.example.com/volume': 'none' } }
    await cluster.kubernetes.patch(pathOf(job), { metadata: others, stringData: { more: 'of others' } })
    await following.source.rotateToken(leaseOf(job, 'second-token'))
    expect(await secretOf(job)).toEqual({ token: 'second-token', 'job-uid': job.uid, more: 'of others' })
    expect(await cluster.kubernetes.get<Secret>(pathOf(job))).toMatchObject({ metadata: others })
  })

  it('whose token somebody else has written is not renewed: it is told who has', async () => {
    const job = await waiting('taken')
    await following.source.grantLease(leaseOf(job, 'first-token'))
    await cluster.kubernetes.request(
      'PATCH',
      `${pathOf(job)}?fieldManager=a-vault`,
      { stringData: { token: 'of the vault' } },
      'application/merge-patch+json',
    )
    await expect(following.source.rotateToken(leaseOf(job, 'second-token'))).rejects.toMatchObject({
      code: 'CLUSTER_REFUSED',
      message: expect.stringContaining('written by "a-vault"'),
    })
    expect(await secretOf(job)).toEqual({ token: 'of the vault', 'job-uid': job.uid })
  })

  it('that is renewed while somebody else writes it keeps what belongs to its Job, whoever comes last', async () => {
    const job = await waiting('raced')
    await following.source.grantLease(leaseOf(job, 'first-token'))
    const touch = async (number: number) =>
      cluster.kubernetes.patch(pathOf(job), { metadata: { annotations: { touched: String(number) } } })
    const renewals = [1, 2, 3, 4].map((number) => following.source.rotateToken(leaseOf(job, `token ${number}`)))
    const results = await Promise.allSettled([...renewals, touch(1), touch(2)])
    // Who lost against the others three times is told so and tries again later.
    expect(results.some((one) => one.status === 'fulfilled')).toBe(true)
    for (const one of results)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'CLUSTER_REFUSED', retry: 'later' })
    expect(await secretOf(job)).toEqual({ token: expect.stringMatching(/^token [1-4]$/), 'job-uid': job.uid })
  })

  it('is removed, also when it is gone already, and seen by its name when its Job is gone', async () => {
    const job = await waiting('removed')
    await following.source.grantLease(leaseOf(job))
    await cluster.kubernetes.remove(resource('batch/v1', 'jobs', namespace, job.name), 'Background')
    const gone = async () => !(await following.view()).jobs.some((one) => one.uid === job.uid)
    await until('the Job to be gone', gone, { seconds: 60 })

    // As after a restart: nothing is remembered.
    const { kubeconfig } = await makeIdentity(cluster, namespace, 'specyard', projectRules)
    const later = await follow(cluster, [namespace], { kubeconfig, argocd: false })
    const leases = async () => (await later.source.view('dev', [job])).leases.filter((one) => one.runId === job.runId)
    expect(await leases()).toMatchObject([{ attempt: 1, jobUid: job.uid }])
    await later.source.removeLease(job)
    expect(await secretOf(job)).toBeUndefined()
    expect(await leases()).toEqual([])
    await later.source.removeLease(job)
  })

  it('is never listed, watched or read with its token by us', async () => {
    const events = readAudit(cluster).filter((one) => one.user.username === user)
    const secrets = events.filter((one) => one.objectRef?.resource === 'secrets')
    expect(new Set(secrets.map((one) => one.verb))).toEqual(new Set(['create', 'get', 'patch', 'delete']))
    expect(secrets.every((one) => one.verb === 'create' || one.objectRef?.name?.startsWith('callback-token-'))).toBe(
      true,
    )
  })
})
