import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sourcePath } from '../../domain/ledger.ts'
import type { PublishRequest } from '../../domain/publication.ts'
import { change, commitCount, filesOf, fsck, gitIn, request, testDeploy, us } from '../support/publisher.ts'

const job = 'environments/dev/language/jobs/one.yaml'
const other = 'environments/dev/language/jobs/two.yaml'
const source = (commit: string | null, dirty = false) =>
  ({ format: 1, repository: 'https://example.com/specs.git', commit, dirty }) as const
const older = '1'.repeat(40)
const newer = '2'.repeat(40)

describe('an empty deploy repository', () => {
  it('has no head, no files and no publications', async () => {
    const { deploy } = await testDeploy()
    expect(await deploy.head()).toBeNull()
    expect(await deploy.read()).toEqual({ commit: null, files: new Map(), drifted: [] })
    expect(await deploy.log(null)).toEqual([])
  })

  it('gets its first commit by the first publication', async () => {
    const { deploy, url } = await testDeploy()
    const publication = await deploy.publish(request({ [job]: 'a: 1\n' }))
    expect(publication).toMatchObject({ parent: null, files: 1, action: 'publication', subject: 'Publish specs' })
    expect(await deploy.head()).toBe(publication?.commit)
    expect(filesOf(url)).toEqual({ [job]: 'a: 1' })
    fsck(url)
  })
})

describe('a publication', () => {
  it('is one commit by us, dated by our clock, whose trailers say where it comes from', async () => {
    const { deploy, url } = await testDeploy()
    const made = await deploy.publish({
      source: source(newer, true),
      change: () =>
        change(
          { [job]: 'a: 1\n' },
          { body: 'Why.\n\nSpecyard-Action: forged', subjects: ['dev/language/one', 'dev/language/two'] },
        ),
    })
    const [subject, ...rest] = gitIn(url, 'log', '-1', '--format=%B', 'main').split('\n')
    expect(subject).toBe('Publish specs')
    expect(rest.join('\n')).toContain('Why.')
    expect(gitIn(url, 'log', '-1', '--format=%an <%ae> %cn <%ce> %ct', 'main')).toBe(
      `${us.name} <${us.email}> ${us.name} <${us.email}> 1772366400`,
    )
    expect(gitIn(url, 'log', '-1', '--format=%(trailers:only)', 'main').split('\n')).toEqual([
      `Specyard-Request: ${made?.requestId}`,
      'Specyard-Action: publication',
      'Specyard-Source-Repository: https://example.com/specs.git',
      `Specyard-Source-Commit: ${newer}`,
      'Specyard-Source-Dirty: true',
      'Specyard-Subject: dev/language/one',
      'Specyard-Subject: dev/language/two',
    ])
    expect(await deploy.log(null)).toEqual([made])
  })

  it('changes and removes files of the owned folders and leaves everything else alone', async () => {
    const { deploy, byHand, url } = await testDeploy()
    await deploy.publish(request({ [job]: '1\n', [other]: '2\n', 'charts/a/b.yaml': '3\n' }))
    await byHand({ 'README.md': 'ours\n' })
    const made = await deploy.publish(request({ [job]: null, [other]: 'new\n' }))
    expect(made?.files).toBe(2)
    expect(filesOf(url)).toEqual({ [other]: 'new', 'charts/a/b.yaml': '3', 'README.md': 'ours' })
    expect((await deploy.read()).files).toEqual(
      new Map([
        ['charts/a/b.yaml', '3\n'],
        [other, 'new\n'],
      ]),
    )
  })

  it('keeps every byte of a text, with CRLF, without a last line break, beyond the BMP', async () => {
    const { deploy, another } = await testDeploy()
    const text = 'a: "ü 🚂"\r\nb: \u2028 \u0000 c'
    await deploy.publish(request({ [job]: text }))
    expect((await (await another()).read()).files.get(job)).toBe(text)
    expect(await deploy.publish(request({ [job]: text }))).toBeUndefined()
  })

  it('of nothing, or of the bytes that are there, makes no commit and does not move the branch', async () => {
    const { deploy, url } = await testDeploy()
    const first = await deploy.publish({ ...request({ [job]: 'a: 1\n' }), source: source(older) })
    expect(await deploy.publish({ source: source(newer), change: () => undefined })).toBeUndefined()
    expect(
      await deploy.publish({
        ...request({ [job]: 'a: 1\n', [other]: null }),
        source: source(newer),
        descends: async () => true,
      }),
    ).toBeUndefined()
    expect(await deploy.head()).toBe(first?.commit)
    expect(commitCount(url)).toBe(1)
    expect(filesOf(url)[sourcePath]).toContain(older)
  })

  it('names the new source in the tree when anything else changes, and an operation leaves that name as it is and says it too', async () => {
    const { deploy } = await testDeploy()
    await deploy.publish({ ...request({ [job]: '1\n' }), source: source(older) })
    await deploy.publish({ ...request({ [job]: '2\n' }), source: source(newer), descends: async () => true })
    await deploy.publish(request({ [job]: '3\n' }, { action: 'retry' }))
    expect(JSON.parse((await deploy.read()).files.get(sourcePath) ?? '')).toEqual(source(newer))
    const log = await deploy.log(null)
    expect(log.map(({ action, sourceCommit, files }) => [action, sourceCommit, files])).toEqual([
      ['publication', older, 2],
      ['publication', newer, 2],
      ['retry', newer, 1],
    ])
  })

  it.each([
    ['a path outside the owned folders', { 'README.md': 'x' }],
    ['a path that climbs out of them', { 'charts/../README.md': 'x' }],
    ['an absolute path', { '/charts/x': 'x' }],
    ['a path with a line break', { 'charts/a\nD charts': 'x' }],
    ['a path into .git', { 'charts/.GIT/hooks/x': 'x' }],
    ['the file that names the source', { [sourcePath]: 'x' }],
    ['a file where there is a folder', { 'environments/dev': 'x' }],
    ['a file below a file', { [`${job}/x`]: 'x' }],
  ])('of %s is refused as a mistake, and nothing is published', async (_, files) => {
    const { deploy, url } = await testDeploy()
    await deploy.publish(request({ [job]: 'a\n' }))
    await expect(deploy.publish(request(files))).rejects.toMatchObject({ code: 'GIT_FAILED', retry: 'never' })
    expect(commitCount(url)).toBe(1)
  })

  it.each([
    ['subject line', { subject: 'one\nSpecyard-Request: 00000000-0000-4000-8000-000000000000' }],
    ['action', { action: 'a\nSpecyard-Source-Commit: forged' }],
    ['named run', { subjects: ['dev/a/b\r\nSpecyard-Action: x'] }],
  ])('with a line break in its %s is refused', async (_, more) => {
    const { deploy } = await testDeploy()
    await expect(deploy.publish(request({ [job]: 'a\n' }, more))).rejects.toMatchObject({ code: 'GIT_FAILED' })
    expect(await deploy.head()).toBeNull()
  })

  it('with 10,000 files is one commit', async () => {
    const { deploy, another, url } = await testDeploy()
    const files = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `environments/dev/p${index % 100}/jobs/j${index}.yaml`,
        `n: ${index}\n`,
      ]),
    )
    expect((await deploy.publish(request(files)))?.files).toBe(10_000)
    expect(commitCount(url)).toBe(1)
    expect((await (await another()).read()).files).toEqual(new Map(Object.entries(files)))
  })

  it('goes in turn with others of the same process', async () => {
    const { deploy, url } = await testDeploy()
    const publications = await Promise.all(
      Array.from({ length: 8 }, (_, index) => deploy.publish(request({ [`charts/c/${index}.txt`]: `${index}\n` }))),
    )
    expect(new Set(publications.map((one) => one?.commit)).size).toBe(8)
    expect(commitCount(url)).toBe(8)
    expect((await deploy.log(publications[5]?.commit ?? null)).map((one) => one.commit)).toEqual([
      publications[6]?.commit,
      publications[7]?.commit,
    ])
  })

  it('that fails does not keep the next one from its turn', async () => {
    const { deploy } = await testDeploy()
    const failed = deploy.publish({
      source: null,
      change: () => {
        throw new Error('broken')
      },
    })
    const next = deploy.publish(request({ [job]: 'a\n' }))
    await expect(failed).rejects.toThrow('broken')
    expect(await next).toMatchObject({ files: 1 })
  })
})

describe('a head that moved', () => {
  it('makes the change be asked for again, with the newer state', async () => {
    const { deploy, another, url } = await testDeploy()
    const rival = await another()
    await rival.publish(request({ [job]: 'first\n' }))
    const seen: (string | undefined)[] = []
    let interfered: Promise<unknown> | undefined
    const publishing: PublishRequest = {
      source: source(newer),
      change: (deployed) => {
        seen.push(deployed.files.get(job))
        return change({ [job]: `${deployed.files.get(job)}more\n` })
      },
      // Asked between the reading of the head and the push: the moment for somebody else to come first.
      descends: async () => {
        interfered ??= rival.publish(request({ [job]: 'second\n' }))
        await interfered
        return true
      },
    }
    await rival.publish({ ...request({ [other]: 'x\n' }), source: source(older) })
    await deploy.publish(publishing)
    expect(seen).toEqual(['first\n', 'second\n'])
    expect(filesOf(url)[job]).toBe('second\nmore')
  })

  it('to newer specs stops a compile of older ones as overtaken, for good', async () => {
    const { deploy, another } = await testDeploy()
    await (await another()).publish({ ...request({ [job]: 'new\n' }), source: source(newer) })
    const stale = { ...request({ [job]: 'old\n' }), source: source(older) }
    await expect(deploy.publish({ ...stale, descends: async () => false })).rejects.toMatchObject({
      code: 'GIT_OVERTAKEN',
      retry: 'never',
    })
    await expect(deploy.publish({ ...stale, descends: async () => 'unknown' })).rejects.toMatchObject({
      code: 'GIT_OVERTAKEN',
    })
    await expect(deploy.publish(stale)).rejects.toMatchObject({ code: 'GIT_OVERTAKEN' })
    await expect(deploy.publish({ ...stale, source: source(null) })).rejects.toMatchObject({ code: 'GIT_OVERTAKEN' })
    expect((await deploy.read()).files.get(job)).toBe('new\n')
    expect(await deploy.publish({ ...stale, allowDiverged: true })).toMatchObject({ sourceCommit: older })
  })
})

describe('the log', () => {
  it('leaves out what others committed, also with trailers that look like ours', async () => {
    const { deploy, clone, url } = await testDeploy()
    const ours = await deploy.publish(request({ [job]: 'a\n' }))
    const message = 'Forged\n\nSpecyard-Request: 6f1f3f0e-0000-4000-8000-000000000000\nSpecyard-Action: publication'
    gitIn(clone(), 'commit', '--quiet', '--allow-empty', '--message', message)
    gitIn(
      clone(),
      '-c',
      `user.email=${us.email}`,
      'commit',
      '--quiet',
      '--allow-empty',
      '--message',
      'Our address, no trailers',
    )
    const odd = 'Odd\n\nSpecyard-Request: nothing\nSpecyard-Request: 6f1f3f0e-0000-4000-8000-000000000000'
    gitIn(clone(), '-c', `user.email=${us.email}`, 'commit', '--quiet', '--allow-empty', '--message', odd)
    gitIn(clone(), 'push', '--quiet', 'origin', 'HEAD:main')
    expect(commitCount(url)).toBe(4)
    expect(await deploy.log(null)).toEqual([ours])
    expect(await deploy.log(ours?.commit ?? null)).toEqual([])
  })

  it('after a commit that history no longer has is the whole log', async () => {
    const { deploy } = await testDeploy()
    const ours = await deploy.publish(request({ [job]: 'a\n' }))
    expect(await deploy.log('9'.repeat(40))).toEqual([ours])
  })
})

describe('the cache', () => {
  it('may be deleted at any time, and shared by two writers', async () => {
    const { deploy, another, folder, url } = await testDeploy()
    const rival = await another({ cacheFolder: join(folder, 'cache-1') })
    await deploy.publish(request({ [job]: '1\n' }))
    await rival.publish(request({ [job]: '2\n' }))
    gitIn(folder, 'init', '--quiet', '--bare', 'elsewhere')
    await rm(join(folder, 'cache-1', 'clone.git', 'objects'), { recursive: true })
    await deploy.publish(request({ [job]: '3\n' }))
    await rm(join(folder, 'cache-1'), { recursive: true })
    await rival.publish(request({ [job]: '4\n' }))
    expect((await deploy.read()).files.get(job)).toBe('4\n')
    expect(commitCount(url)).toBe(4)
    fsck(url)
  })

  it('is written by those who read at once in turn, and not taken for damaged by any of them', async () => {
    const { deploy, another, folder } = await testDeploy()
    const writer = await another()
    const clone = join(folder, 'cache-1', 'clone.git')
    const { ino } = await stat(clone)
    for (const text of ['1\n', '2\n', '3\n']) {
      await writer.publish(request({ [job]: text }))
      const read = await Promise.all(Array.from({ length: 8 }, () => deploy.read()))
      expect(read.map(({ files }) => files.get(job))).toEqual(Array.from({ length: 8 }, () => text))
    }
    expect((await stat(clone)).ino).toBe(ino)
  })

  it('that is damaged under many who read is made anew for all of them', async () => {
    const { deploy, another, folder } = await testDeploy()
    const writer = await another()
    for (const text of ['1\n', '2\n', '3\n']) {
      await writer.publish(request({ [job]: text }))
      await rm(join(folder, 'cache-1', 'clone.git', 'objects'), { recursive: true })
      const read = await Promise.all(Array.from({ length: 8 }, () => deploy.read()))
      expect(read.map(({ files }) => files.get(job))).toEqual(Array.from({ length: 8 }, () => text))
    }
  })
})

describe('a repository with a branch that is called refs/heads/main, and no main', () => {
  it('is refused before Git takes one for the other, and nothing is written', async () => {
    const { deploy, another, url } = await testDeploy()
    await deploy.publish(request({ 'environments/dev/a.yaml': 'a' }))
    gitIn(url, 'update-ref', 'refs/heads/refs/heads/main', 'refs/heads/main')
    gitIn(url, 'update-ref', '-d', 'refs/heads/main')
    const before = gitIn(url, 'for-each-ref')
    await expect((await another()).publish(request({ 'environments/dev/a.yaml': 'b' }))).rejects.toMatchObject({
      code: 'GIT_FAILED',
      retry: 'never',
      message: expect.stringContaining('has no refs/heads/main, and a branch with that name') as unknown,
    })
    expect(gitIn(url, 'for-each-ref')).toBe(before)
  })
})
