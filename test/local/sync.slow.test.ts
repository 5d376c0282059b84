import { describe, expect, it } from 'vitest'
import type { SeenApplication } from '../../domain/observation.ts'
import { ended, eventually, handMadeDeploy, openTestCluster, type TestCluster } from '../support/local.ts'
import { endpointFiles, jobFiles } from '../support/local-manifests.ts'

const manifest = 'environments/dev/language/jobs/train.yaml'
const application = 'applications/dev/language/jobs.yaml'
const endless = { script: 'setInterval(() => {}, 1000)', graceSeconds: 1 }

async function applied(test: TestCluster, revision: string): Promise<SeenApplication> {
  return eventually(`the Application at ${revision}`, async () => {
    const [seen] = (await test.cluster.view('dev')).applications
    return seen?.appliedRevision === revision && seen
  })
}

async function failedSync(test: TestCluster): Promise<SeenApplication> {
  return eventually('the Application to fail', async () =>
    (await test.cluster.view('dev')).applications.find((one) => one.phase === 'Failed'),
  )
}

describe('the sync of the local cluster', () => {
  it('says which commit it has applied, and hears of the next one by itself or when asked', async () => {
    const deploy = handMadeDeploy(jobFiles())
    const test = openTestCluster(deploy)
    const keys: string[] = []
    test.cluster.watch((key) => keys.push(JSON.stringify(key)))
    await test.cluster.start()
    const first = await deploy.head()
    expect(await applied(test, first ?? '')).toEqual({
      name: 'dev.language.jobs',
      appliedRevision: first,
      phase: 'Succeeded',
      message: '',
      operation: { revision: first, finishedAt: null, jobs: [] },
    })
    const second = deploy.set(jobFiles({ script: '' }))
    await test.cluster.refresh(['dev.language.jobs'])
    await applied(test, second)
    expect(test.cluster.behind(second)).toEqual([])
    expect(test.cluster.behind('f'.repeat(40))).toEqual([expect.stringContaining('has not been read')])
    await ended(test)
    expect(keys).toContain('{"everything":true}')
    await eventually('a key of the run', () => keys.some((key) => key.includes('runId')))
    expect((await test.cluster.view('prod')).applications).toEqual([])
  })

  it('a manifest that cannot be read fails its Application, and what runs goes on', async () => {
    const files = jobFiles(endless)
    const deploy = handMadeDeploy(files)
    const test = openTestCluster(deploy)
    await test.cluster.start()
    const job = await eventually('the Job', () => test.job())
    const endpoint = endpointFiles('process.exit(0)', 'sha256:one')
    const commit = deploy.set({ ...endpoint, ...files, [manifest]: 'kind: Job\n  broken: [' })
    expect(await failedSync(test)).toMatchObject({
      message: expect.stringContaining(`${manifest}:2:`),
      appliedRevision: expect.not.stringContaining(commit),
    })
    expect(await test.job()).toMatchObject({ uid: job.uid, deletionRequestedAt: null })
    const other = (await test.cluster.view('dev')).applications.find((one) => one.name.endsWith('handbook'))
    expect(other).toMatchObject({ phase: 'Succeeded', appliedRevision: commit })
    deploy.set({ ...files, [application]: '{' })
    await eventually('the Application file to fail', async () => (await failedSync(test)).message.includes(application))
    expect(await test.job()).toMatchObject({ uid: job.uid, deletionRequestedAt: null })
  })

  it('a Job that has been made is immutable', async () => {
    const deploy = handMadeDeploy(jobFiles(endless))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    const job = await eventually('the Job', () => test.job())
    deploy.set(jobFiles({ ...endless, script: 'process.exit(0)' }))
    expect(await failedSync(test)).toMatchObject({ message: 'Job ml/train is invalid: spec: field is immutable' })
    expect(await test.job()).toMatchObject({ uid: job.uid, conditions: [] })
    const commit = deploy.set(jobFiles(endless))
    expect(await applied(test, commit)).toMatchObject({ phase: 'Succeeded' })
  })

  it('a removed Application takes its Jobs along; a repository without a commit takes nothing', async () => {
    const deploy = handMadeDeploy(jobFiles(endless))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    await eventually('the Job', () => test.job())
    deploy.set({ 'README.md': 'nothing' })
    await eventually('the Job to be gone', async () => (await test.job()) === undefined)
    expect((await test.cluster.view('dev')).applications).toEqual([])
    const empty = openTestCluster(handMadeDeploy())
    await empty.cluster.start()
    expect(empty.cluster.behind(null)).toEqual([])
  })

  it('a deploy repository that cannot be read is told, and what is known goes on', async () => {
    const deploy = handMadeDeploy(jobFiles(endless))
    const test = openTestCluster(deploy)
    await test.cluster.start()
    const job = await eventually('the Job', () => test.job())
    deploy.broken = new Error('no such host')
    const unknown = await eventually('the trouble', async () =>
      (await test.cluster.view('dev')).applications.find((one) => one.phase === 'Unknown'),
    )
    expect(unknown.message).toBe('the deploy repository could not be read: no such host')
    await test.cluster.deleteJob('ml', 'train')
    await eventually('the Job to be made again', async () => {
      const now = await test.job()
      return now && now.uid !== job.uid
    })
    deploy.broken = null
    await eventually(
      'the end of the trouble',
      async () => (await test.cluster.view('dev')).applications[0]?.phase === 'Succeeded',
    )
  })
})
