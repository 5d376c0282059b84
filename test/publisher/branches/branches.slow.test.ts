import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { branchesPath, paths, sourcePath } from '../../../domain/ledger.ts'
import type { Deployed, PublishedChange, PublishRequest } from '../../../domain/publication.ts'
import { type DeployBranches, openDeployBranches } from '../../../publisher/branches/open.ts'
import {
  deployOptions,
  filesOf,
  fsck,
  gitIn,
  startScript,
  type TestDeploy,
  testDeploy,
  writeHook,
} from '../../support/publisher.ts'

/* Environments with branches of their own, in real repositories. What is wanted is asked for as a compilation does: the files that are not there yet. */

const dev = 'environments/dev/language/jobs/one.yaml'
const prod = 'environments/prod/language/jobs/one.yaml'
const ended = paths.runLedger({ environment: 'prod', project: 'language', name: 'old' })
const chart = (version: string) => paths.chart(version, 'Chart.yaml')
const index = (branches: Readonly<Record<string, string>>): string => `${JSON.stringify({ format: 1, branches })}\n`
const onProd = index({ prod: 'prod' })
const source = (digit: number) =>
  ({ format: 1, repository: null, commit: String(digit).repeat(40), dirty: false }) as const
const descends = (ancestor: string, descendant: string) => Promise.resolve(ancestor <= descendant)

async function yard(): Promise<{
  readonly repository: TestDeploy
  readonly deploy: DeployBranches
  open(): Promise<DeployBranches>
}> {
  const repository = await testDeploy()
  let caches = 0
  const open = () =>
    openDeployBranches(deployOptions(repository.url, join(repository.folder, `branches-${(caches += 1)}`)))
  return { repository, deploy: await open(), open }
}

/** Everything that is owned is wanted to be just this. */
function want(files: Readonly<Record<string, string>>, at = 1): PublishRequest {
  const change = (deployed: Deployed): PublishedChange | undefined => {
    const wanted = new Map<string, string | null>(
      Object.entries(files).filter(([path, text]) => deployed.files.get(path) !== text),
    )
    for (const path of deployed.files.keys())
      if (!(path in files) && path !== sourcePath && !path.endsWith('README.md')) wanted.set(path, null)
    if (wanted.size === 0) return undefined
    const subjects = ['dev/language/one', 'prod/language/one']
    return { files: wanted, subject: 'Publish specs', body: '', action: 'publication', subjects }
  }
  return { source: source(at), descends, change }
}
const publish = (deploy: DeployBranches, files: Readonly<Record<string, string>>, at = 1) =>
  deploy.publish(want(files, at))
const both = { [dev]: 'dev: 1\n', [prod]: 'prod: 1\n', [branchesPath]: onProd }
const isThere = (url: string, branch: string): boolean => gitIn(url, 'for-each-ref', `refs/heads/${branch}`) !== ''

describe('an environment with a branch of its own', () => {
  it('has its files there and nowhere else, and is one with the others to whoever reads', async () => {
    const { repository, deploy } = await yard()
    const made = await publish(deploy, both)
    expect(Object.keys(filesOf(repository.url, 'main')).sort()).toEqual([branchesPath, sourcePath, dev].sort())
    expect(Object.keys(filesOf(repository.url, 'prod')).sort()).toEqual(
      ['.specyard/README.md', sourcePath, prod].sort(),
    )
    const { files } = await deploy.read()
    expect([...files.keys()].sort()).toEqual([branchesPath, sourcePath, dev, prod].sort())
    expect([made?.branch, made?.subjects]).toEqual(['main', ['dev/language/one']])
    expect(made?.others?.map(({ branch, action }) => `${action} ${branch}`)).toEqual([
      'move prod',
      'move main',
      'publication prod',
    ])
    expect(await deploy.head()).toBe((await deploy.read()).commit)
    expect(await deploy.head()).toBe(made?.head)
    expect(fsck(repository.url)).toBe('')
  })

  it('says on each branch what it was compiled from, and in each message', async () => {
    const { repository, deploy } = await yard()
    await publish(deploy, both)
    await publish(deploy, { ...both, [prod]: 'prod: 2\n' }, 2)
    expect(filesOf(repository.url, 'main')[sourcePath]).toContain('1'.repeat(40))
    expect(filesOf(repository.url, 'prod')[sourcePath]).toContain('2'.repeat(40))
    expect(gitIn(repository.url, 'log', '-1', '--format=%B', 'prod')).toContain(
      `Specyard-Source-Commit: ${'2'.repeat(40)}`,
    )
    expect((await deploy.read()).branches?.sources.map(({ commit }) => commit?.[0])).toEqual(['1', '2'])
  })

  it('makes no commit where nothing changes, also for a process that begins anew', async () => {
    const { repository, deploy, open } = await yard()
    await publish(deploy, both)
    const before = gitIn(repository.url, 'for-each-ref')
    expect(await publish(deploy, both)).toBeUndefined()
    expect(await publish(await open(), both)).toBeUndefined()
    expect(gitIn(repository.url, 'for-each-ref')).toBe(before)
  })

  it('may share its branch, and gets back to the deploy branch with what it had', async () => {
    const { repository, deploy } = await yard()
    const shared = index({ dev: 'all', prod: 'all' })
    await publish(deploy, { ...both, [branchesPath]: shared })
    expect(Object.keys(filesOf(repository.url, 'all'))).toEqual(expect.arrayContaining([dev, prod]))
    expect(filesOf(repository.url, 'main')).not.toHaveProperty([dev])
    await publish(deploy, { ...both, [branchesPath]: index({}) })
    expect(filesOf(repository.url, 'main')).toMatchObject({ [dev]: 'dev: 1', [prod]: 'prod: 1' })
    expect((await deploy.read()).branches).toBeUndefined()
  })

  it('has the charts that its own endpoints need', async () => {
    const { repository, deploy } = await yard()
    const endpoint = (environment: string, version: string): Record<string, string> => ({
      [paths.endpointLedger({ environment, project: 'language', name: 'letters' })]: `${JSON.stringify({
        ...{ format: 1, environment, project: 'language', name: 'letters', revision: 1, past: [], pin: {} },
        plan: { chartVersion: version },
      })}\n`,
      [chart(version)]: `version: ${version}\n`,
    })
    await publish(deploy, { ...both, ...endpoint('dev', '1.0.0'), ...endpoint('prod', '1.0.0') })
    expect([
      chart('1.0.0') in filesOf(repository.url, 'main'),
      chart('1.0.0') in filesOf(repository.url, 'prod'),
    ]).toEqual([true, true])
    await publish(deploy, { ...both, ...endpoint('dev', '2.0.0'), ...endpoint('prod', '1.0.0') })
    expect(Object.keys(filesOf(repository.url, 'main')).filter((path) => path.startsWith('charts'))).toEqual([
      chart('2.0.0'),
    ])
    expect(Object.keys(filesOf(repository.url, 'prod')).filter((path) => path.startsWith('charts'))).toEqual([
      chart('1.0.0'),
    ])
  })
})

describe('what ends between two branches', () => {
  it('is made up for when it was killed there', async () => {
    const { repository, deploy, open } = await yard()
    const { url, folder } = repository
    await publish(deploy, both)
    const pid = join(folder, 'pid')
    // The server has the commit of the deploy branch, and is being offered the other one.
    await writeHook(url, 'update', `#!/bin/sh\ntest "$1" = refs/heads/main || { kill -9 "$(cat ${pid})"; exit 1; }\n`)
    const later = { ...both, [dev]: 'dev: 2\n', [prod]: 'prod: 2\n' }
    const words = [`${dev}=dev: 2`, `${prod}=prod: 2`]
    const script = fileURLToPath(new URL('publish-both.ts', import.meta.url))
    expect(await startScript(script, [url, join(folder, 'killed'), pid, ...words]).ended).toBeNull()
    expect([filesOf(url, 'main')[dev], filesOf(url, 'prod')[prod]]).toEqual(['dev: 2', 'prod: 1'])
    await writeHook(url, 'update', '#!/bin/sh\n')
    const made = await publish(await open(), later, 2)
    expect([made?.branch, made?.others]).toEqual(['prod', []])
    expect(filesOf(url, 'prod')[prod]).toBe('prod: 2')
    expect(fsck(url)).toBe('')
  })

  it('is made up for when one branch refused it: the deploy branch has it, the other has not', async () => {
    const { repository, deploy, open } = await yard()
    await publish(deploy, both)
    await writeHook(repository.url, 'update', '#!/bin/sh\ntest "$1" != refs/heads/prod\n')
    const later = { ...both, [dev]: 'dev: 2\n', [prod]: 'prod: 2\n' }
    const quick = await openDeployBranches({
      ...deployOptions(repository.url, join(repository.folder, 'quick')),
      limits: { refusals: 1 },
    })
    await expect(publish(quick, later, 2)).rejects.toMatchObject({ code: 'GIT_PUSH_REJECTED' })
    expect([filesOf(repository.url, 'main')[dev], filesOf(repository.url, 'prod')[prod]]).toEqual(['dev: 2', 'prod: 1'])
    await writeHook(repository.url, 'update', '#!/bin/sh\n')
    const made = await publish(await open(), later, 2)
    expect([made?.branch, made?.others]).toEqual(['prod', []])
    expect(filesOf(repository.url, 'prod')[prod]).toBe('prod: 2')
  })

  it.each([
    ['before the new branch says anything', 'prod'],
    ['before the deploy branch says where the files are', 'main'],
  ])('leaves a move %s as if it had not begun', async (_when, refused) => {
    const { repository, deploy, open } = await yard()
    const old = { [dev]: 'dev: 1\n', [ended]: '{"format":1,"runs":[]}\n' }
    await publish(deploy, old)
    await writeHook(repository.url, 'update', `#!/bin/sh\ntest "$1" != refs/heads/${refused}\n`)
    const quick = await openDeployBranches({
      ...deployOptions(repository.url, join(repository.folder, 'quick')),
      limits: { refusals: 1 },
    })
    await expect(publish(quick, { ...old, [branchesPath]: onProd })).rejects.toMatchObject({
      code: 'GIT_PUSH_REJECTED',
    })
    const again = await open()
    expect((await again.read()).files.get(ended)).toBe(old[ended])
    expect((await again.read()).branches).toBeUndefined()
    await writeHook(repository.url, 'update', '#!/bin/sh\n')
    await publish(again, { ...old, [branchesPath]: onProd })
    expect(filesOf(repository.url, 'prod')).toHaveProperty([ended])
    expect(filesOf(repository.url, 'main')).not.toHaveProperty([ended])
    expect((await again.read()).files.get(ended)).toBe(old[ended])
  })
})

describe('several writers', () => {
  it('lose nothing on two branches', async () => {
    const { repository, deploy, open } = await yard()
    await publish(deploy, both)
    const writers = await Promise.all(Array.from({ length: 4 }, open))
    const add = (writer: DeployBranches, name: string) =>
      writer.publish({
        source: null,
        change: ({ files }) => {
          const wanted = ['dev', 'prod'].map((one) => `environments/${one}/language/jobs/${name}.yaml`)
          const missing = wanted.filter((path) => !files.has(path))
          if (missing.length === 0) return undefined
          const change = new Map(missing.map((path) => [path, `${name}\n`]))
          return { files: change, subject: `Add ${name}`, body: '', action: 'retry', subjects: [] }
        },
      })
    await Promise.all(writers.flatMap((writer, at) => [add(writer, `a${at}`), add(writer, `b${at}`)]))
    for (const branch of ['main', 'prod'])
      expect(Object.keys(filesOf(repository.url, branch)).filter((path) => /jobs\/[ab]\d/.test(path))).toHaveLength(8)
    expect((await (await open()).read()).drifted).toEqual([])
  })

  it('older specs take nothing back that newer ones changed on another branch alone', async () => {
    const { deploy, open } = await yard()
    await publish(deploy, both)
    await publish(await open(), { ...both, [prod]: 'prod: 3\n' }, 3)
    await expect(publish(await open(), { ...both, [dev]: 'dev: 2\n' }, 2)).rejects.toMatchObject({
      code: 'GIT_OVERTAKEN',
    })
  })

  it('whoever does not know of the branches yet finds out, and writes where they are', async () => {
    const { repository, deploy, open } = await yard()
    const late = await open()
    await publish(late, { [dev]: 'dev: 1\n' })
    await publish(deploy, both)
    await publish(late, { ...both, [prod]: 'prod: 2\n' }, 2)
    expect(filesOf(repository.url, 'prod')[prod]).toBe('prod: 2')
    expect(filesOf(repository.url, 'main')).not.toHaveProperty([prod])
  })
})

describe('what others do to branches', () => {
  it('an edit on a branch of its own is theirs, and told of', async () => {
    const { repository, deploy } = await yard()
    await publish(deploy, both)
    const clone = repository.clone()
    gitIn(clone, 'fetch', '--quiet', 'origin')
    gitIn(clone, 'checkout', '--quiet', 'prod')
    gitIn(clone, 'rm', '--quiet', prod)
    gitIn(clone, 'commit', '--quiet', '--message', 'By hand')
    gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:prod')
    expect((await deploy.read()).drifted).toMatchObject([{ path: prod, author: 'Ada <ada@example.com>' }])
  })

  it('a branch that is gone stops everything, so that nothing that ran there runs again', async () => {
    const { repository, deploy, open } = await yard()
    await publish(deploy, both)
    const commit = gitIn(repository.url, 'rev-parse', 'prod')
    gitIn(repository.url, 'update-ref', '-d', 'refs/heads/prod')
    await expect(publish(await open(), both)).rejects.toMatchObject({ code: 'DEPLOY_BRANCH_UNUSABLE' })
    await expect(deploy.read()).rejects.toMatchObject({ code: 'DEPLOY_BRANCH_UNUSABLE' })
    gitIn(repository.url, 'update-ref', 'refs/heads/prod', commit)
    expect(await publish(deploy, both)).toBeUndefined()
  })

  it('so does an edit of what says where they are', async () => {
    const { repository, deploy } = await yard()
    await publish(deploy, both)
    await repository.byHand({ [branchesPath]: index({}) })
    await expect(publish(deploy, both)).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' })
  })

  it('a branch that was made of the deploy branch becomes one, whatever came with it', async () => {
    const { repository, deploy } = await yard()
    await publish(deploy, { [dev]: 'dev: 1\n', [prod]: 'prod: 0\n' })
    gitIn(repository.url, 'branch', 'prod', 'main')
    await publish(deploy, { [dev]: 'dev: 2\n', [prod]: 'prod: 1\n', [branchesPath]: onProd })
    expect((await deploy.read()).files.get(dev)).toBe('dev: 2\n')
    expect(filesOf(repository.url, 'prod')[prod]).toBe('prod: 1')
  })

  it('a branch with files of somebody else where ours have to be is refused', async () => {
    const { repository, deploy } = await yard()
    await publish(deploy, { [dev]: 'dev: 1\n' })
    await repository.byHand({ [prod]: 'theirs\n' })
    gitIn(repository.url, 'branch', 'prod', 'main')
    gitIn(repository.url, 'update-ref', 'refs/heads/main', 'main~1')
    await expect(publish(deploy, both)).rejects.toMatchObject({ code: 'DEPLOY_BRANCH_UNUSABLE' })
    expect(isThere(repository.url, 'prod')).toBe(true)
  })
})
