import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { commitCount, filesOf, fsck, gitIn, request, startScript, testDeploy, writeHook } from '../support/publisher.ts'

const script = join(import.meta.dirname, 'publish-many.ts')
const shared = 'environments/dev/shared/lines.txt'

/** Fails where a push was forced: the branch then lost a commit that it once had. */
function forcedPushes(url: string): readonly string[] {
  const log = gitIn(url, 'reflog', 'show', '--format=%H', 'refs/heads/main').split('\n').reverse()
  return log.slice(1).filter((commit, index) => gitIn(url, 'rev-parse', `${commit}^`) !== log[index])
}

describe('two processes that publish 20 commits each to one repository at once', () => {
  it('lose nothing, double nothing, force nothing', async () => {
    const { url, folder, deploy } = await testDeploy()
    gitIn(url, 'config', 'core.logAllRefUpdates', 'always')
    const writers = ['left', 'right'].map((name) =>
      startScript(script, [url, join(folder, `cache-${name}`), name, '20']),
    )
    expect(await Promise.all(writers.map((writer) => writer.ended))).toEqual([0, 0])
    expect(commitCount(url)).toBe(40)
    expect(forcedPushes(url)).toEqual([])
    const files = filesOf(url)
    const lines = (files[shared] ?? '').split('\n')
    const own = Object.entries(files).filter(([path]) => path !== shared)
    expect(own).toHaveLength(40)
    expect(new Set(lines)).toEqual(new Set(own.map(([, text]) => text)))
    expect(lines).toHaveLength(40)
    const told = writers.flatMap((writer) => writer.output().trim().split('\n').slice(1))
    expect(new Set(told)).toEqual(new Set((await deploy.log(null)).map((one) => one.commit)))
    fsck(url)
  })
})

describe('a server', () => {
  it('that refuses a third of all pushes, in five wordings, gets every commit once', async () => {
    const { url, deploy, another } = await testDeploy()
    // Every third push is refused, so that the test is the same each time.
    const wordings = [
      'non-fast-forward',
      'fetch first',
      'incorrect old value provided',
      'cannot lock ref',
      'stale info',
    ]
    const cases = wordings.map((words, index) => `${index}) echo "${words}" >&2 ;;`).join(' ')
    await writeHook(
      url,
      'update',
      `#!/bin/sh\ncount=$(cat count 2>/dev/null || echo 0)\necho $((count + 1)) > count\n[ $((count % 3)) -eq 0 ] || exit 0\ncase $((count / 3 % 5)) in ${cases} esac\nexit 1\n`,
    )
    const rival = await another()
    const publishing = Array.from({ length: 16 }, (_, index) =>
      (index % 2 === 0 ? deploy : rival).publish(request({ [`charts/c/${index}.txt`]: `${index}\n` })),
    )
    const publications = await Promise.all(publishing)
    expect(new Set(publications.map((one) => one?.commit)).size).toBe(16)
    expect(commitCount(url)).toBe(16)
    expect(Object.keys(filesOf(url))).toHaveLength(16)
    fsck(url)
  })

  it('that takes a push and then loses the answer has it counted as taken, once', async () => {
    const { url, deploy } = await testDeploy()
    await writeHook(url, 'post-receive', '#!/bin/sh\nkill -9 $PPID\n')
    const publication = await deploy.publish(request({ 'charts/a.yaml': '1\n' }))
    expect(gitIn(url, 'rev-parse', 'main')).toBe(publication?.commit)
    expect(commitCount(url)).toBe(1)
  })

  it('that refuses for good is a fault that says so in its own words, and publishes nothing', async () => {
    const { url, deploy } = await testDeploy({ limits: { refusals: 3 } })
    await writeHook(url, 'update', '#!/bin/sh\necho "protected branch" >&2\nexit 1\n')
    const refused = deploy.publish(request({ 'charts/a.yaml': '1\n' }))
    await expect(refused).rejects.toMatchObject({ code: 'GIT_PUSH_REJECTED', retry: 'later' })
    await expect(refused).rejects.toThrow(/main/)
    expect(await deploy.head()).toBeNull()
  })

  it('whose branch always moves first is given up after the tries that were allowed, to be tried again soon', async () => {
    const { url, deploy, another } = await testDeploy({ limits: { tries: 3, milliseconds: 0 } })
    const rival = await another({ limits: {} })
    await rival.publish(request({ 'charts/count.txt': '0\n' }))
    let asked = 0
    const publishing = deploy.publish({
      source: { format: 1, repository: null, commit: '2'.repeat(40), dirty: false },
      change: () => {
        asked += 1
        return { ...request({}).change(), files: new Map([['charts/a.txt', 'a\n']]) }
      },
      descends: async () => {
        await rival.publish({
          source: { format: 1, repository: null, commit: '1'.repeat(40), dirty: false },
          allowDiverged: true,
          change: ({ files }) => request({ 'charts/count.txt': `${files.get('charts/count.txt')}x` }).change(),
        })
        return true
      },
    })
    // Before the first publication with a source there is nothing to descend from.
    await rival.publish({
      ...request({ 'charts/count.txt': '1\n' }),
      source: { format: 1, repository: null, commit: '1'.repeat(40), dirty: false },
    })
    await expect(publishing).rejects.toMatchObject({ code: 'GIT_PUSH_REJECTED', retry: 'soon' })
    expect(asked).toBe(3)
    expect(filesOf(url)['charts/a.txt']).toBeUndefined()
  })
})

describe('a publishing process that is killed', () => {
  it.each([
    ['alone', false],
    ['with every program that it started', true],
  ])('%s, at 10 points in time, leaves a sound repository, and the next one publishes', async (_, group) => {
    const { url, folder, deploy } = await testDeploy()
    const cache = join(folder, 'cache-shared')
    for (let round = 0; round < 10; round += 1) {
      const writer = startScript(script, [url, cache, `writer-${round}`, '1000'], group)
      await writer.lines(1 + (round % 3))
      // Spread over the time that one publication takes.
      await new Promise((resolve) => setTimeout(resolve, round * 11))
      process.kill(group ? -(writer.child.pid ?? 0) : (writer.child.pid ?? 0), 'SIGKILL')
      await writer.ended
      // What Git began before may still be writing, and a check in the middle of that sees halves; damage stays.
      await vi.waitFor(() => fsck(url), { timeout: 60_000, interval: 100 })
      const told = writer
        .output()
        .trim()
        .split('\n')
        .slice(1)
        .filter((line) => line.length === 40)
      const log = (await deploy.log(null)).map((one) => one.commit)
      expect(log).toEqual(expect.arrayContaining(told))
    }
    const next = startScript(script, [url, cache, 'last', '1'])
    expect(await next.ended).toBe(0)
    fsck(url)
    const files = filesOf(url)
    const own = Object.entries(files)
      .filter(([path]) => path !== shared)
      .map(([, text]) => text)
    expect((files[shared] ?? '').split('\n').sort()).toEqual(own.sort())
  })

  it('leaves no lock of the branch for ever', async () => {
    const { url, deploy } = await testDeploy()
    await deploy.publish(request({ 'charts/a.txt': '1\n' }))
    const { writeFile, utimes } = await import('node:fs/promises')
    for (const lock of [join(url, 'refs', 'heads', 'main.lock'), join(url, 'HEAD.lock')]) {
      await writeFile(lock, '')
      const longAgo = new Date(Date.now() - 60_000)
      await utimes(lock, longAgo, longAgo)
    }
    expect(await deploy.publish(request({ 'charts/a.txt': '2\n' }))).toMatchObject({ files: 1 })
  })
})
