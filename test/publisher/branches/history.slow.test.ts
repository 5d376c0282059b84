import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { branchesPath, paths } from '../../../domain/ledger.ts'
import type { LedgerCommit } from '../../../domain/ledger-history.ts'
import type { Publication } from '../../../domain/publication.ts'
import { type DeployBranches, openDeployBranches } from '../../../publisher/branches/open.ts'
import { deployOptions, gitIn, type TestDeploy, testDeploy } from '../../support/publisher.ts'

/* What several branches say of what was done, as one history; and what waits on each of them. */

const run = (environment: string) => paths.runLedger({ environment, project: 'language', name: 'words' })
const model = paths.modelLedger('language', 'words')
const index = (branches: Readonly<Record<string, string>>): string => `${JSON.stringify({ format: 1, branches })}\n`
const seconds = { now: 0 }

async function yard(): Promise<{ readonly repository: TestDeploy; readonly deploy: DeployBranches }> {
  const repository = await testDeploy()
  seconds.now = 0
  const now = (): Date => new Date(Date.UTC(2026, 2, 1) + (seconds.now += 1) * 1000)
  return {
    repository,
    deploy: await openDeployBranches({ ...deployOptions(repository.url, join(repository.folder, 'own')), now }),
  }
}
const put = (deploy: DeployBranches, files: Readonly<Record<string, string>>, subject = 'dev/language/words') =>
  deploy.publish({
    source: null,
    change: ({ files: there }) => {
      const missing = Object.entries(files).filter(([path, text]) => there.get(path) !== text)
      const change = { subject: 'Publish specs', body: '', action: 'publication', subjects: [subject] }
      return missing.length === 0 ? undefined : { ...change, files: new Map(missing) }
    },
  })
async function historyOf(deploy: DeployBranches): Promise<readonly LedgerCommit[]> {
  const all: LedgerCommit[] = []
  for await (const commit of (await deploy.ledgerHistory()).read()) all.push(commit)
  return all
}
/** What it says of each ledger file, one after the other. */
async function saidOf(deploy: DeployBranches, path: string): Promise<readonly (string | null | undefined)[]> {
  const own = (await historyOf(deploy)).filter((one) => one.ours)
  return own.flatMap(({ files }) => (files.has(path) ? [files.get(path)] : []))
}
const text = (what: string): string => `${JSON.stringify({ format: 1, what })}\n`

describe('the history of a deploy repository with several branches', () => {
  it('is told in the order of time, and numbered through', async () => {
    const { deploy } = await yard()
    await put(deploy, { [run('dev')]: text('dev 1'), [branchesPath]: index({ prod: 'prod' }) })
    await put(deploy, { [run('prod')]: text('prod 1') })
    await put(deploy, { [run('dev')]: text('dev 2'), [model]: text('one') })
    await put(deploy, { [run('prod')]: text('prod 2') })
    const commits = await historyOf(deploy)
    const paired = commits.flatMap((one) => (one.ours ? [...one.files.values()] : []))
    expect(paired.filter((one) => one?.includes('what'))).toEqual(
      ['dev 1', 'prod 1', 'one', 'dev 2', 'prod 2'].map(text),
    )
    const positions = commits.map(({ position }) => position)
    expect([...positions].sort((one, other) => one - other)).toEqual(positions)
    expect(positions.at(-1)).toBe((await deploy.ledgerHistory()).commits)
  })

  it('has nothing end where an environment goes to another branch, and back', async () => {
    const { repository, deploy } = await yard()
    await put(deploy, { [run('prod')]: text('1') })
    await put(deploy, { [branchesPath]: index({ prod: 'prod' }) })
    await put(deploy, { [run('prod')]: text('2') })
    await put(deploy, { [branchesPath]: index({ prod: 'other' }) })
    await put(deploy, { [run('prod')]: text('3') })
    await put(deploy, { [branchesPath]: index({}) })
    await put(deploy, { [run('prod')]: text('4') })
    const said = await saidOf(deploy, run('prod'))
    expect(said).not.toContain(null)
    expect(said.filter((one, at) => one !== said[at - 1])).toEqual(['1', '2', '3', '4'].map(text))
    expect(gitIn(repository.url, 'show', `main:${run('prod')}`)).toBe(text('4').trim())
  })

  it('tells once what a branch has in common with the one that it was made of', async () => {
    const { repository, deploy } = await yard()
    await put(deploy, { [run('dev')]: text('dev 1'), [run('prod')]: text('prod 1') })
    gitIn(repository.url, 'branch', 'prod', 'main')
    await put(deploy, { [branchesPath]: index({ prod: 'prod' }) })
    await put(deploy, { [run('prod')]: text('prod 2') })
    expect(await saidOf(deploy, run('dev'))).toEqual([text('dev 1')])
    expect(await saidOf(deploy, run('prod'))).toEqual([text('prod 1'), text('prod 2')])
  })
})

describe('the log of several branches', () => {
  it('tells each commit once, in the order of time, also where a branch has stood still for long', async () => {
    const { deploy } = await yard()
    await put(deploy, { [run('dev')]: text('0'), [branchesPath]: index({ prod: 'prod' }) })
    await put(deploy, { [run('prod')]: text('0') }, 'prod/language/words')
    const kept: Publication[] = []
    const tell = () =>
      deploy.log(
        kept.slice(-2).map(({ commit }) => commit),
        (some) => Promise.resolve(kept.push(...some)),
      )
    await tell()
    for (let round = 1; round <= 4; round += 1) {
      await put(deploy, { [run('dev')]: text(`${round}`) })
      await tell()
    }
    expect(kept.map(({ action }) => action).filter((one) => one === 'publication')).toHaveLength(6)
    expect(new Set(kept.map(({ commit }) => commit)).size).toBe(kept.length)
    expect(kept.map(({ at }) => at.getTime())).toEqual(
      kept.map(({ at }) => at.getTime()).sort((one, other) => one - other),
    )
    expect(await tell()).toEqual([])
  })

  it('tells again what could not be kept', async () => {
    const { deploy } = await yard()
    await put(deploy, { [run('dev')]: text('0'), [run('prod')]: text('0'), [branchesPath]: index({ prod: 'prod' }) })
    const lost = (): Promise<void> => Promise.reject(new Error('the database is away'))
    await expect(deploy.log([], lost)).rejects.toThrow('away')
    const subjects = (await deploy.log([], () => Promise.resolve())).map(({ subject }) => subject)
    expect(subjects).toHaveLength(4)
  })
})

describe('the log of one branch', () => {
  it('tells once what was pushed beside a proposal that was made before it and merged after it', async () => {
    const { repository, deploy } = await yard()
    await put(deploy, { [run('dev')]: text('0') })
    await deploy.propose({
      ...{ asked: true, source: null },
      change: () => ({
        ...{ subject: 'Publish specs', body: '', action: 'publication', subjects: ['prod/language/words'] },
        files: new Map([
          [run('dev'), text('0')],
          [run('prod'), text('1')],
        ]),
      }),
    })
    const before = gitIn(repository.url, 'rev-parse', 'main-next')
    // As from somebody who merges what he saw before the operation.
    await put(deploy, { [run('dev')]: text('operation') })
    const clone = repository.clone()
    gitIn(clone, 'fetch', '--quiet', 'origin', before)
    gitIn(clone, 'merge', '--quiet', '--no-ff', '--message', 'Merge', before)
    gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
    const kept: Publication[] = []
    const tell = () =>
      deploy.log(kept.map(({ commit }) => commit).reverse(), (some) => Promise.resolve(kept.push(...some)))
    expect((await tell()).map(({ subjects }) => subjects)).toEqual([
      ['dev/language/words'],
      ['dev/language/words'],
      ['prod/language/words'],
    ])
    expect(await tell()).toEqual([])
  })
})

describe('what waits for a pull request of a branch of its own', () => {
  const propose = (deploy: DeployBranches, files: Readonly<Record<string, string>>) =>
    deploy.propose({
      ...{ asked: true, source: null },
      change: ({ files: there }) => {
        const missing = Object.entries(files).filter(([path, wanted]) => there.get(path) !== wanted)
        const change = { subject: 'Publish specs', body: '', action: 'publication', subjects: ['prod/language/words'] }
        return missing.length === 0 ? undefined : { ...change, files: new Map(missing) }
      },
    })
  const wanted = { [run('dev')]: text('dev 1'), [run('prod')]: text('prod 1') }

  it('waits beside that branch, and what is of others beside theirs', async () => {
    const { repository, deploy } = await yard()
    await put(deploy, { [branchesPath]: index({ prod: 'prod' }) })
    expect(await propose(deploy, wanted)).toMatchObject([
      { kind: 'waiting', proposal: { branch: 'main-next', base: 'main' } },
      { kind: 'waiting', proposal: { branch: 'prod-next', base: 'prod' } },
    ])
    expect(gitIn(repository.url, 'diff', '--name-only', 'prod', 'prod-next')).toBe(run('prod'))
    expect(gitIn(repository.url, 'diff', '--name-only', 'main', 'main-next')).toBe(run('dev'))
    expect((await deploy.waiting()).map(({ kind }) => kind)).toEqual(['waiting', 'waiting'])
    gitIn(repository.url, 'update-ref', 'refs/heads/prod', 'refs/heads/prod-next')
    expect(await propose(deploy, wanted)).toMatchObject([{ kind: 'waiting', made: false }, { kind: 'merged' }])
    expect((await deploy.read()).files.get(run('prod'))).toBe(text('prod 1'))
  })

  it('is carried on when an operation is pushed there, and left alone by one elsewhere', async () => {
    const { repository, deploy } = await yard()
    await put(deploy, { [branchesPath]: index({ prod: 'prod' }) })
    await propose(deploy, { [run('prod')]: text('prod 1') })
    const before = gitIn(repository.url, 'rev-parse', 'prod-next')
    await put(deploy, { [run('dev')]: text('operation') })
    expect(gitIn(repository.url, 'rev-parse', 'prod-next')).toBe(before)
    await put(deploy, { 'environments/prod/language/jobs/one.yaml': 'operation\n' })
    expect(gitIn(repository.url, 'rev-parse', 'prod-next^')).toBe(gitIn(repository.url, 'rev-parse', 'prod'))
  })

  it('is withdrawn where its environment goes to a branch of its own, and proposed there', async () => {
    const { repository, deploy } = await yard()
    await put(deploy, { [run('dev')]: text('dev 1') })
    expect(await propose(deploy, wanted)).toMatchObject([{ kind: 'waiting', proposal: { base: 'main' } }])
    await put(deploy, { [branchesPath]: index({ prod: 'prod' }) })
    expect(await propose(deploy, wanted)).toMatchObject([
      { kind: 'withdrawn' },
      { kind: 'waiting', proposal: { base: 'prod' } },
    ])
    expect(gitIn(repository.url, 'for-each-ref', '--format=%(refname)')).toBe(
      ['refs/heads/main', 'refs/heads/prod', 'refs/heads/prod-next', 'refs/specyard/proposed/prod'].join('\n'),
    )
  })
})
