import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openSpecBranch, type SpecRepository, specFolder } from '../../publisher/spec-repository.ts'
import { bareEnvironment, commitFiles, gitIn, temporaryFolder, us, workRepository } from '../support/publisher.ts'

const path = 'specs/one.yaml'
let work: string
let first: string
let url: string

beforeEach(async () => {
  const folder = await temporaryFolder()
  work = join(folder, 'work')
  url = join(folder, 'specs.git')
  await workRepository(work, { [path]: 'a: 1\n', 'README.md': 'not a spec' })
  first = gitIn(work, 'rev-parse', 'HEAD')
  gitIn(folder, 'clone', '--quiet', '--bare', work, url)
})

async function branch(name = 'main'): Promise<SpecRepository> {
  const cacheFolder = await temporaryFolder()
  return openSpecBranch({
    url,
    branch: name,
    cacheFolder,
    environment: bareEnvironment,
    author: us,
    now: () => new Date(),
  })
}

const texts = async (specs: SpecRepository) =>
  (await specs.read()).files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)])

describe('a branch of a spec repository', () => {
  it('is read at its head, clean, with its commit and without a word of a working tree', async () => {
    const specs = await branch()
    expect(await texts(specs)).toEqual([[path, 'a: 1\n']])
    expect((await specs.read()).source).toMatchObject({ commit: first, dirty: false })
    const second = await commitFiles(work, { [path]: 'a: 2\n' })
    gitIn(work, 'push', '--quiet', url, 'HEAD:main')
    const state = await specs.read()
    expect(state.source.commit).toBe(second)
    expect(await texts(specs)).toEqual([[path, 'a: 2\n']])
    expect(await state.descends(first, second)).toBe(true)
    expect(await state.descends(second, first)).toBe(false)
    expect(await state.descends('f'.repeat(40), second)).toBe('unknown')
  })

  it('is written by a commit, and not where the file is another than expected', async () => {
    const specs = await branch()
    await specs.write({ path: 'specs/submitted/two.yaml', text: 'b: 1\n', expected: null })
    expect(await texts(specs)).toEqual([
      [path, 'a: 1\n'],
      ['specs/submitted/two.yaml', 'b: 1\n'],
    ])
    expect(gitIn(url, 'rev-list', '--count', 'main').trim()).toBe('2')
    await expect(specs.write({ path, text: 'a: 3\n', expected: 'a: 2\n' })).rejects.toMatchObject({
      code: 'FILE_FAILED',
      retry: 'soon',
    })
  })

  it('that does not exist is named, with what to do', async () => {
    const specs = await branch('releases')
    await expect(specs.read()).rejects.toMatchObject({
      code: 'NOT_A_SPEC_REPOSITORY',
      message: expect.stringContaining('releases') as string,
    })
  })
})

it('a folder is read and written as it lies there, and nothing is committed', async () => {
  const specs = specFolder(work, bareEnvironment)
  await specs.write({ path: 'specs/two.yaml', text: 'b: 1\n', expected: null })
  const { source } = await specs.read()
  expect(source).toMatchObject({ commit: first, dirty: true })
  expect((await texts(specs)).map(([name]) => name)).toEqual([path, 'specs/two.yaml'])
  expect(gitIn(work, 'rev-list', '--count', 'HEAD').trim()).toBe('1')
})

describe('a proposal', () => {
  const change = { path, text: 'a: 7\n', expected: 'a: 1\n' }
  const words = { slug: 'promote-one', title: 'Serve seven', body: 'It is what dev serves.' }

  it('is a branch of its own on top of the branch, which stays as it is', async () => {
    const specs = await branch()
    const proposed = await specs.propose(change, words)
    expect(proposed).toMatchObject({
      branch: expect.stringMatching(/^specyard\/promote-one-[0-9a-f]{8}$/),
      pullRequest: null,
    })
    expect(gitIn(url, 'rev-parse', `${proposed.branch}^`)).toBe(first)
    expect(gitIn(url, 'rev-parse', `${proposed.branch}`)).toBe(proposed.commit)
    expect(gitIn(url, 'log', '-1', '--format=%s', `${proposed.branch}`)).toBe('Serve seven')
    expect(gitIn(url, 'show', `${proposed.branch}:${path}`)).toBe('a: 7')
    expect(await specs.head()).toBe(first)
  })

  it('that is made again is the same one', async () => {
    const specs = await branch()
    expect(await specs.propose(change, words)).toEqual(await specs.propose(change, words))
    expect(gitIn(url, 'branch', '--list', 'specyard/*').split('\n')).toHaveLength(1)
  })

  it('of a file that is not as expected is refused', async () => {
    const specs = await branch()
    await expect(specs.propose({ ...change, expected: 'a: 2\n' }, words)).rejects.toMatchObject({ code: 'FILE_FAILED' })
  })

  it('is a pull request where a forge is known, from that branch', async () => {
    const asked: unknown[] = []
    const cacheFolder = await temporaryFolder()
    const specs = await openSpecBranch({
      ...{ url, branch: 'main', cacheFolder, environment: bareEnvironment, author: us, now: () => new Date() },
      openPullRequest: async (proposal) => (asked.push(proposal), 'https://git.example.com/pull/7'),
    })
    const { branch: head, pullRequest } = await specs.propose(change, words)
    expect(pullRequest).toBe('https://git.example.com/pull/7')
    expect(asked).toEqual([{ branch: head, base: 'main', title: 'Serve seven', body: 'It is what dev serves.' }])
  })

  it('in a working tree is the file, for a person to commit', async () => {
    const specs = specFolder(work, bareEnvironment)
    expect(await specs.propose(change, words)).toEqual({ commit: null, branch: null, pullRequest: null })
    expect(await texts(specs)).toEqual([[path, 'a: 7\n']])
  })
})
