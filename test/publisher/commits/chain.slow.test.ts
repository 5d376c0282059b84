import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commitCount, filesOf, fsck, gitIn, request, testDeploy, writeHook } from '../../support/publisher.ts'

async function countedPushes(url: string): Promise<() => Promise<number>> {
  await writeHook(url, 'pre-receive', '#!/bin/sh\ncat > /dev/null\necho pushed >> pushes\n')
  return async () => (await readFile(join(url, 'pushes'), 'utf8')).split('\n').length - 1
}

describe('requests that wait for each other', () => {
  it('go in one push, a commit for each, in their order', async () => {
    const { url, deploy } = await testDeploy()
    const pushes = await countedPushes(url)
    const asked = Array.from({ length: 12 }, (_, index) =>
      deploy.publish(request({ [`charts/${index}`]: `${index}\n` })),
    )
    const publications = await Promise.all(asked)
    expect(await pushes()).toBeLessThanOrEqual(2)
    const commits = gitIn(url, 'rev-list', '--reverse', 'main').split('\n')
    expect(publications.map((one) => one?.commit)).toEqual(commits)
    expect(publications.map((one) => one?.parent)).toEqual([null, ...commits.slice(0, -1)])
    expect((await deploy.log(null)).map(({ commit }) => commit)).toEqual(commits)
    expect(Object.keys(filesOf(url))).toHaveLength(12)
    fsck(url)
  })

  it('see what those before them wrote', async () => {
    const { url, deploy } = await testDeploy()
    const add = (word: string) =>
      deploy.publish({
        source: null,
        change: ({ files }) => request({ 'charts/words': `${files.get('charts/words') ?? ''}${word}\n` }).change(),
      })
    await Promise.all(['a', 'b', 'c', 'd'].map(add))
    expect(filesOf(url)['charts/words']).toBe('a\nb\nc\nd')
    expect((await deploy.read()).files.get('charts/words')).toBe('a\nb\nc\nd\n')
  })

  it('are each answered alone: one that is refused or wants nothing is in nobody else’s way', async () => {
    const { url, deploy } = await testDeploy()
    await deploy.publish(request({ 'charts/a': 'a\n' }))
    const answers = await Promise.allSettled([
      deploy.publish(request({ 'charts/b': 'b\n' })),
      deploy.publish(request({ 'elsewhere/b': 'b\n' })),
      deploy.publish({ source: null, change: () => undefined }),
      deploy.publish(request({ 'charts/b': 'b\n' })),
      deploy.publish(request({ 'charts/c': 'c\n' })),
    ])
    expect(answers).toMatchObject([
      { status: 'fulfilled', value: { files: 1 } },
      { status: 'rejected', reason: { code: 'GIT_FAILED', retry: 'never' } },
      { status: 'fulfilled', value: undefined },
      { status: 'fulfilled', value: undefined },
      { status: 'fulfilled', value: { files: 1 } },
    ])
    expect(Object.keys(filesOf(url))).toEqual(['charts/a', 'charts/b', 'charts/c'])
  })

  it('are published one by one where the server refuses one of them', async () => {
    const { url, deploy } = await testDeploy({ limits: { refusals: 3 } })
    await writeHook(
      url,
      'update',
      '#!/bin/sh\nif git ls-tree -r --name-only "$3" | grep -q bad; then echo "no bad files" >&2; exit 1; fi\n',
    )
    const names = ['a', 'bad', 'c']
    const answers = await Promise.allSettled(
      names.map((name) => deploy.publish(request({ [`charts/${name}`]: '1\n' }))),
    )
    expect(answers).toMatchObject([
      { status: 'fulfilled', value: { files: 1 } },
      { status: 'rejected', reason: { code: 'GIT_PUSH_REJECTED', retry: 'later' } },
      { status: 'fulfilled', value: { files: 1 } },
    ])
    expect(Object.keys(filesOf(url))).toEqual(['charts/a', 'charts/c'])
  })
})

describe('a head that was another when it was last seen', () => {
  it('costs nothing of what is wanted: what was there already may be wanted again', async () => {
    const { url, deploy, another } = await testDeploy()
    await deploy.publish(request({ 'charts/a': '1\n' }))
    await (await another()).publish(request({ 'charts/a': '2\n' }))
    expect(await deploy.publish(request({ 'charts/a': '1\n' }))).toMatchObject({ files: 1 })
    expect(filesOf(url)['charts/a']).toBe('1')
  })

  it('that a person took back stays away, also when it was the one to build on', async () => {
    const { url, deploy } = await testDeploy()
    await deploy.publish(request({ 'charts/a': '1\n' }))
    const taken = (await deploy.publish(request({ 'charts/b': '1\n' })))?.commit
    gitIn(url, 'update-ref', 'refs/heads/main', 'main^')
    await deploy.publish(request({ 'charts/c': '1\n' }))
    expect(gitIn(url, 'rev-list', 'main').split('\n')).not.toContain(taken)
    expect(Object.keys(filesOf(url))).toEqual(['charts/a', 'charts/c'])
  })
})

describe('two writers that want the same at the same second', () => {
  it('make one commit, which one of them takes for its own', async () => {
    const { url, deploy, another } = await testDeploy()
    const rival = await another()
    for (let round = 0; round < 5; round += 1) {
      const files = { 'charts/a': `${round}\n` }
      const made = await Promise.all([deploy.publish(request(files)), rival.publish(request(files))])
      expect(made.filter((one) => one !== undefined)).toHaveLength(1)
      expect(commitCount(url)).toBe(round + 1)
    }
  })
})
