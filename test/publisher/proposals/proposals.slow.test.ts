import { describe, expect, it } from 'vitest'
import { sourcePath } from '../../../domain/ledger.ts'
import type { DeployRepository } from '../../../publisher/deploy.ts'
import {
  change,
  commitCount,
  commitFiles,
  filesOf,
  fsck,
  gitIn,
  request,
  type TestDeploy,
  testDeploy,
} from '../../support/publisher.ts'

/* What waits for a pull request, in real repositories. A person merges with Git itself, in each of the three ways that forges have. */

const dev = 'environments/dev/language/jobs/one.yaml'
const job = 'environments/prod/language/jobs/one.yaml'
const ledger = '.specyard/ledger/runs/prod/language/one.json'
const next = 'refs/heads/main-next'
const kept = 'refs/specyard/proposed/main'
const source = (digit: number) =>
  ({ format: 1, repository: null, commit: String(digit).repeat(40), dirty: false }) as const
const known =
  (...commits: readonly number[]) =>
  (ancestor: string, descendant: string) =>
    Promise.resolve(commits.indexOf(Number(ancestor[0])) <= commits.indexOf(Number(descendant[0])))

/** Wants these files wherever they are not there yet, as a compilation does. */
const ask = (deploy: DeployRepository, files: Readonly<Record<string, string>>, at = 1) =>
  deploy.propose({
    ...{ asked: true, source: source(at), descends: known(1, 2, 3) },
    change: (deployed) => {
      const missing = Object.entries(files).filter(([path, text]) => deployed.files.get(path) !== text)
      return missing.length === 0
        ? undefined
        : change(Object.fromEntries(missing), {
            subject: 'Publish specs: 1 run starts',
            subjects: ['prod/language/one'],
            body: 'starts prod/language/one',
          })
    },
  })
const wanted = { [job]: 'job: 1\n', [ledger]: '{}\n' }
const at = (url: string, name: string): string | undefined => {
  try {
    return gitIn(url, 'rev-parse', '--verify', '--quiet', name)
  } catch {
    return undefined
  }
}

/** A repository with one published file and a waiting proposal. */
async function proposed(): Promise<TestDeploy & { readonly commit: string }> {
  const repository = await testDeploy()
  await repository.deploy.publish(request({ [dev]: 'dev: 1\n' }))
  const { kind, ...rest } = await ask(repository.deploy, wanted)
  expect(kind).toBe('waiting')
  return { ...repository, commit: 'proposal' in rest ? rest.proposal.commit : '' }
}

const ways = {
  merge: (clone: string) =>
    gitIn(clone, 'merge', '--quiet', '--no-ff', '--message', 'Merge pull request #1', 'origin/main-next'),
  squash: (clone: string) => {
    gitIn(clone, 'merge', '--quiet', '--squash', 'origin/main-next')
    gitIn(clone, 'commit', '--quiet', '--message', 'Publish specs: 1 run starts (#1)')
  },
  rebase: (clone: string) => gitIn(clone, 'cherry-pick', '--allow-empty', 'origin/main-next'),
  'fast-forward': (clone: string) => gitIn(clone, 'merge', '--quiet', '--ff-only', 'origin/main-next'),
}
function mergeBy(way: keyof typeof ways, repository: TestDeploy): void {
  const clone = repository.clone()
  gitIn(clone, 'fetch', '--quiet', 'origin')
  ways[way](clone)
  gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
}

describe('what specs ask for where a pull request is wanted', () => {
  it('is one commit over the head of the branch, on the branch beside it, and the branch stands still', async () => {
    const { deploy, url, commit } = await proposed()
    expect(filesOf(url)).toEqual({ [dev]: 'dev: 1' })
    expect(at(url, next)).toBe(commit)
    expect(at(url, `${next}^`)).toBe(at(url, 'main'))
    expect(filesOf(url, 'main-next')).toMatchObject({ [job]: 'job: 1', [ledger]: '{}' })
    expect(await deploy.log(null)).toHaveLength(1)
    expect(await deploy.waiting()).toMatchObject({
      kind: 'waiting',
      proposal: {
        branch: 'main-next',
        base: 'main',
        commit,
        subject: 'Publish specs: 1 run starts',
        subjects: ['prod/language/one'],
      },
    })
    fsck(url)
  })

  it('is left alone while the same is asked for, also by another process', async () => {
    const { another, commit } = await proposed()
    expect(await ask(await another(), wanted)).toMatchObject({ kind: 'waiting', made: false, proposal: { commit } })
  })

  it('is left alone too when newer specs ask for the same: what it was compiled from makes no proposal alone', async () => {
    const { deploy, commit } = await proposed()
    expect(await ask(deploy, wanted, 2)).toMatchObject({ kind: 'waiting', made: false, proposal: { commit } })
  })

  it('is replaced when something else is asked for, by one commit again', async () => {
    const { deploy, url } = await proposed()
    await ask(deploy, { ...wanted, [job]: 'job: 2\n' }, 2)
    expect(commitCount(url, 'main-next')).toBe(2)
    expect(filesOf(url, 'main-next')[job]).toBe('job: 2')
  })

  it('begins a branch that has no commit, so that there is something to merge into', async () => {
    const { deploy, url } = await testDeploy()
    expect(await ask(deploy, wanted)).toMatchObject({ kind: 'waiting' })
    expect(commitCount(url)).toBe(1)
    expect((await deploy.read()).drifted).toEqual([])
  })

  it('is taken back when nothing is asked for any more, after whoever has to be told was told', async () => {
    const { deploy, url } = await proposed()
    const told: string[] = []
    const answer = await deploy.propose({
      ...{ asked: false, source: source(2), descends: known(1, 2), change: () => undefined },
      withdrawing: async ({ subject }) => void told.push(subject),
    })
    expect(answer.kind).toBe('withdrawn')
    expect(told).toEqual(['Publish specs: 1 run starts'])
    expect([at(url, next), at(url, kept)]).toEqual([undefined, undefined])
    expect(await deploy.waiting()).toEqual({ kind: 'none' })
  })

  it('is neither replaced nor taken back by older specs', async () => {
    const { deploy, url } = await testDeploy()
    await deploy.publish(request({ [dev]: 'dev: 1\n' }))
    await ask(deploy, wanted, 2)
    const before = at(url, next)
    await expect(ask(deploy, { ...wanted, [job]: 'job: 0\n' }, 1)).rejects.toMatchObject({ code: 'GIT_OVERTAKEN' })
    await expect(ask(deploy, {}, 1)).rejects.toMatchObject({ code: 'GIT_OVERTAKEN' })
    expect(at(url, next)).toBe(before)
  })
})

describe('somebody else on the branch of proposals', () => {
  it('keeps their commit, and is named', async () => {
    const repository = await proposed()
    const { deploy, url } = repository
    const clone = repository.clone()
    gitIn(clone, 'fetch', '--quiet', 'origin')
    gitIn(clone, 'checkout', '--quiet', '-b', 'review', 'origin/main-next')
    const theirs = await commitFiles(clone, { [job]: 'job: mine\n' })
    gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main-next')
    const foreign = { branch: 'main-next', base: 'main', commit: theirs, author: 'Ada <ada@example.com>' }
    expect(await ask(deploy, { ...wanted, [job]: 'job: 2\n' }, 2)).toEqual({ kind: 'foreign', foreign })
    expect(await ask(deploy, {}, 2)).toEqual({ kind: 'none' })
    expect(await deploy.waiting()).toEqual({ kind: 'foreign', foreign })
    expect(at(url, next)).toBe(theirs)
  })

  it('that was merged is in nobody’s way any more', async () => {
    const repository = await proposed()
    const { deploy, url } = repository
    const clone = repository.clone()
    gitIn(clone, 'fetch', '--quiet', 'origin')
    gitIn(clone, 'checkout', '--quiet', '-b', 'review', 'origin/main-next')
    await commitFiles(clone, { 'README.md': 'reviewed\n' })
    gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main-next', 'HEAD:main')
    expect(await ask(deploy, { ...wanted, [job]: 'job: 2\n' }, 2)).toMatchObject({ kind: 'waiting', made: true })
    expect(filesOf(url, 'main-next')['README.md']).toBe('reviewed')
    expect((await deploy.read()).drifted).toEqual([])
  })
})

describe.each(Object.keys(ways) as (keyof typeof ways)[])('a proposal that is merged by %s', (way) => {
  it('is ours, leaves nothing to ask for, and its branch goes', async () => {
    const repository = await proposed()
    const { deploy, url, commit } = repository
    mergeBy(way, repository)
    expect(await deploy.read()).toMatchObject({ drifted: [] })
    expect(await deploy.waiting()).toEqual({ kind: 'none' })
    await deploy.publish({ source: source(1), change: () => undefined })
    expect(await ask(deploy, wanted)).toMatchObject({ kind: 'merged', proposal: { commit } })
    expect([at(url, next), at(url, kept)]).toEqual([undefined, undefined])
    const { files, drifted } = await deploy.read()
    expect(drifted).toEqual([])
    expect(files.get(ledger)).toBe('{}\n')
    expect(JSON.parse(files.get(sourcePath) ?? '{}')).toEqual(source(1))
    expect((await deploy.log(null)).map((one) => one.commit)).toContain(commit)
    fsck(url)
  })

  it('stays ours when the forge deletes its branch, and somebody who never saw it reads on', async () => {
    const repository = await proposed()
    const { another, url } = repository
    mergeBy(way, repository)
    gitIn(url, 'update-ref', '-d', next)
    const stranger = await another()
    expect((await stranger.read()).drifted).toEqual([])
    await stranger.publish(request({ [dev]: 'dev: 2\n' }))
    expect((await (await another()).read()).drifted).toEqual([])
    const history = await (await another()).ledgerHistory()
    const told: string[] = []
    const disbelieved: string[] = []
    for await (const one of history.read()) {
      if (!one.ours) disbelieved.push(...one.paths)
      else if (one.files.has(ledger)) told.push(one.files.get(ledger) ?? '')
    }
    expect([told, disbelieved]).toEqual([['{}\n'], []])
  })
})

describe.each(['merge', 'squash', 'rebase'] as const)('a proposal that is merged by %s', (way) => {
  it('is ours too where an operation went through in between', async () => {
    const repository = await proposed()
    const clone = repository.clone()
    gitIn(clone, 'fetch', '--quiet', 'origin')
    const stale = gitIn(clone, 'rev-parse', 'origin/main-next')
    await repository.deploy.publish(request({ [dev]: 'dev: 2\n' }, { action: 'retire' }))
    gitIn(repository.url, 'update-ref', next, stale)
    gitIn(repository.url, 'update-ref', kept, stale)
    mergeBy(way, repository)
    const { files, drifted } = await repository.deploy.read()
    expect(drifted).toEqual([])
    expect(files.get(dev)).toBe('dev: 2\n')
    expect(files.get(job)).toBe('job: 1\n')
  })
})

describe.each(['squash', 'rebase'] as const)('a proposal that is merged by %s while nothing is published', (way) => {
  it('is taken up before its references are given away', async () => {
    for (const next of [wanted, { ...wanted, [dev]: 'dev: 2\n' }]) {
      const repository = await proposed()
      const { another, deploy, commit } = repository
      mergeBy(way, repository)
      await ask(deploy, next)
      const stranger = await another()
      expect((await stranger.read()).drifted).toEqual([])
      expect((await stranger.log(null)).map((one) => one.commit)).toContain(commit)
    }
  })
})

describe('what only looks like a merge of it', () => {
  it('is drift: a squash with another byte, or with a file less', async () => {
    for (const edit of [{ [job]: 'job: evil\n' }, { [ledger]: null }]) {
      const repository = await proposed()
      const clone = repository.clone()
      gitIn(clone, 'fetch', '--quiet', 'origin')
      gitIn(clone, 'merge', '--quiet', '--squash', 'origin/main-next')
      await commitFiles(clone, edit)
      gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
      const { drifted } = await repository.deploy.read()
      expect(drifted.map(({ path }) => path)).toContain(job)
      expect(await repository.deploy.waiting()).toMatchObject({ kind: 'waiting' })
    }
  })

  it('is drift: a merge with an edit, for the file that was edited', async () => {
    const repository = await proposed()
    const clone = repository.clone()
    gitIn(clone, 'fetch', '--quiet', 'origin')
    gitIn(clone, 'merge', '--quiet', '--no-ff', '--no-commit', 'origin/main-next')
    await commitFiles(clone, { [job]: 'job: evil\n' })
    gitIn(clone, 'push', '--quiet', 'origin', 'HEAD:main')
    expect((await repository.deploy.read()).drifted.map(({ path }) => path)).toEqual([job])
  })

  it('is drift: files that a person wrote to both branches', async () => {
    const repository = await testDeploy()
    await repository.deploy.publish(request({ [dev]: 'dev: 1\n' }))
    const commit = await repository.byHand(wanted)
    gitIn(repository.url, 'update-ref', next, commit)
    gitIn(repository.url, 'update-ref', kept, commit)
    expect((await repository.deploy.read()).drifted).toHaveLength(2)
  })
})

describe('an operation while a proposal waits', () => {
  it('is pushed, and the proposal is made again over it', async () => {
    const { deploy, url } = await proposed()
    await deploy.publish(request({ [dev]: 'dev: 2\n' }, { action: 'retry' }))
    expect(filesOf(url)[dev]).toBe('dev: 2')
    expect(at(url, `${next}^`)).toBe(at(url, 'main'))
    expect(filesOf(url, 'main-next')).toMatchObject({ [dev]: 'dev: 2', [job]: 'job: 1' })
    expect(gitIn(url, 'log', '-1', '--format=%B', next)).toContain('starts prod/language/one')
    expect(await ask(deploy, wanted)).toMatchObject({ kind: 'waiting', made: false })
  })

  it('on one of its files leaves it as it is until specs are compiled', async () => {
    const { deploy, url, commit } = await proposed()
    await deploy.publish(request({ [ledger]: '{"other":1}\n' }, { action: 'cancel' }))
    expect(at(url, next)).toBe(commit)
    expect(await ask(deploy, wanted)).toMatchObject({ kind: 'waiting', made: true })
    expect(at(url, `${next}^`)).toBe(at(url, 'main'))
  })
})

it('of many who propose at once each is asked again, and one commit stands there', async () => {
  const { another, deploy, url } = await proposed()
  const all = await Promise.all(
    [deploy, await another(), await another()].map((one, index) =>
      ask(one, { ...wanted, [job]: `job: ${index}\n` }, 2),
    ),
  )
  expect(all.map(({ kind }) => kind)).toEqual(['waiting', 'waiting', 'waiting'])
  expect(commitCount(url, 'main-next')).toBe(2)
  expect(at(url, next)).toBe(at(url, kept))
})

it('without the right to write that branch the refusal says which', async () => {
  const { deploy, url } = await testDeploy()
  await deploy.publish(request({ [dev]: 'dev: 1\n' }))
  const { writeHook } = await import('../../support/publisher.ts')
  await writeHook(url, 'update', '#!/bin/sh\ntest "$1" = refs/heads/main\n')
  await expect(ask(deploy, wanted)).rejects.toMatchObject({
    code: 'GIT_PUSH_REJECTED',
    hint: expect.stringContaining('main-next'),
  })
})
