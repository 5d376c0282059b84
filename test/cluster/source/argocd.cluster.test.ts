import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SeenApplication } from '../../../domain/observation.ts'
import type { Publication } from '../../../domain/publication.ts'
import type { Look } from '../../../reconciler/look.ts'
import { createRefresher, type Refresher } from '../../../reconciler/refresh.ts'
import { resource } from '../base/kubernetes.ts'
import { until } from '../base/wait.ts'
import { type Application, applicationPath, createApplication } from '../support/applications.ts'
import { auditPosition, readAudit } from '../support/audit.ts'
import { type Cluster, makeNamespace, removeNamespace, theCluster } from '../support/cluster.ts'
import { layLine, type Line } from '../support/connections.ts'
import { job } from '../support/jobs.ts'
import { createRepository, type Repository } from '../support/repositories.ts'
import { follow, type Following } from './following.ts'

let cluster: Cluster
let namespace: string
let name: string
let repository: Repository
/** Argo CD's way to the repository. */
let line: Line
let following: Following
let refresher: Refresher
beforeAll(async () => {
  cluster = theCluster()
  namespace = await makeNamespace(cluster, 'synced')
  name = `dev.${namespace}.jobs`
  repository = await createRepository(cluster, namespace)
  await repository.commit('Begin the folder', { 'jobs/README.md': 'The placeholder.\n' })
  line = await layLine(cluster.git.url)
  const url = `${line.url}${new URL(repository.url).pathname}`
  await createApplication(cluster, { name, url, path: 'jobs', namespace })
  const managed = { 'app.kubernetes.io/managed-by': 'specyard' }
  await cluster.kubernetes.patch(applicationPath(name), { metadata: { labels: managed } })
  following = await follow(cluster, [namespace])
  refresher = createRefresher({ cluster: () => following.source, now: () => new Date(), log: () => undefined })
})
afterAll(async () => {
  await cluster.kubernetes.remove(applicationPath(name))
  await removeNamespace(cluster, namespace)
  await line.remove()
})

/** Asks again where that is due, as the reconciler does with every look. */
async function untilApplication(what: string, isSo: (seen: SeenApplication) => unknown, seconds = 60) {
  let last: SeenApplication | undefined
  const look = async () => {
    const view = await following.view()
    await refresher.again({ view: () => view } as Partial<Look> as Look)
    last = view.applications.find((one) => one.name === name)
    return last && isSo(last) ? last : undefined
  }
  return until(`the Application ${what}`, look, { seconds }).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}; last ${JSON.stringify(last)}`, { cause: error })
  })
}

/** Pushes a Job's file and asks for a sync by way of our source, as after a publication of ours. */
async function publish(files: Readonly<Record<string, unknown>>): Promise<string> {
  const texts = Object.entries(files).map(([path, content]) => [path, content && `${JSON.stringify(content)}\n`])
  const revision = await repository.commit('Publish', Object.fromEntries(texts) as Record<string, string | null>)
  const subjects = [`dev/${namespace}/synced`]
  await refresher.after([{ commit: revision, subjects } as Partial<Publication> as Publication])
  return revision
}

async function comparedRevision(): Promise<string | null | undefined> {
  return (await following.view()).applications.find((one) => one.name === name)?.comparedRevision
}

/** The newest commit that changed an object. */
let applied = ''

const training = (image: string) => job({ namespace, name: 'synced', image, command: ['true'], job: { suspend: true } })

describe('an Application', () => {
  it('that is asked to refresh is synced in seconds, and says which commit is there', async () => {
    const from = performance.now()
    const revision = await publish({ 'jobs/one.yaml': training('one') })
    applied = revision
    const isSynced = ({ appliedRevision, phase }: SeenApplication) =>
      appliedRevision === revision && phase === 'Succeeded'
    await untilApplication('to be synced', isSynced)
    // Without being asked Argo CD looks after minutes.
    expect(performance.now() - from).toBeLessThan(30_000)
    expect(await cluster.kubernetes.get(resource('batch/v1', 'jobs', namespace, 'synced'))).toBeDefined()
    const { status } = (await cluster.kubernetes.get<Application>(applicationPath(name))) as Application
    expect(status?.operationState?.syncResult?.revision).toBe(revision)
  })

  it('whose commit changes nothing here is at that commit without an operation', async () => {
    const revision = await publish({ 'elsewhere/README.md': 'Of somebody else.' })
    expect(await untilApplication('to be there', (one) => one.appliedRevision === revision)).toMatchObject({
      phase: 'Succeeded',
    })
  })

  it('that could not look because Git did not answer looks when it is asked again, and not minutes later', async () => {
    line.cut('all')
    const made = line.made()
    const revision = await publish({ 'elsewhere/README.md': 'Of somebody else, again.' })
    try {
      // Argo CD loses a request that comes while it answers the one before: it is made again with a later look.
      await untilApplication('to be tried', () => line.made() > made)
      expect(await comparedRevision()).not.toBe(revision)
    } finally {
      line.mend()
    }
    await untilApplication('to be there', (one) => one.appliedRevision === revision, 30)
  })

  it('that is asked while an earlier request still stands changes all the same, or nobody would hear of it', async () => {
    // Argo CD leaves alone what has this annotation, and with it the request.
    const skip = (value: string | null) =>
      cluster.kubernetes.patch(applicationPath(name), {
        metadata: { annotations: { 'argocd.argoproj.io/skip-reconcile': value } },
      })
    const version = async () => (await cluster.kubernetes.get(applicationPath(name)))?.metadata['resourceVersion']
    await skip('true')
    try {
      await following.source.refresh([name])
      const before = await version()
      await following.source.refresh([name])
      expect(await version()).not.toBe(before)
    } finally {
      await skip(null)
    }
  })

  it('that is not there is not asked for', async () => {
    const from = auditPosition(cluster)
    const missing = `dev.${namespace}.endpoint.missing`
    await following.source.refresh([missing, name])
    const asked = await until(
      'the request to be on the record',
      () => {
        const patched = readAudit(cluster, from).filter(
          ({ verb, objectRef }) => verb === 'patch' && objectRef?.resource === 'applications',
        )
        const names = patched.map(({ objectRef }) => objectRef?.name)
        return names.includes(name) && names
      },
      { seconds: 30 },
    )
    expect(asked).not.toContain(missing)
  })

  it('whose sync fails has Argo CD’s own message and a commit that was applied, although its health says Healthy', async () => {
    await publish({ 'jobs/one.yaml': training('another') })
    const isRefused = ({ message }: SeenApplication) => message.includes('field is immutable')
    const refused = await untilApplication('to be refused', isRefused)
    expect(refused.appliedRevision).toBe(applied)
    expect(refused.message).toContain('Job.batch "synced" is invalid')
    expect(refused.message.length).toBeLessThanOrEqual(4096)
    expect(['Running', 'Failed']).toContain(refused.phase)
    const { status } = (await cluster.kubernetes.get<Application>(applicationPath(name))) as Application
    expect(status?.health?.status).not.toBe('Degraded')
  })

  it('that is not there cannot be asked, and that is no error', async () => {
    await following.source.refresh(['dev.nowhere.jobs'])
  })
})
