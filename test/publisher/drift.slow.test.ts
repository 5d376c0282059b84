import { describe, expect, it } from 'vitest'
import { driftPath, sourcePath } from '../../domain/ledger.ts'
import { change, commitFiles, filesOf, gitIn, request, type TestDeploy, testDeploy, us } from '../support/publisher.ts'

const job = 'environments/dev/language/jobs/one.yaml'
const other = 'environments/dev/language/jobs/two.yaml'
const ada = 'Ada <ada@example.com>'

async function published(): Promise<TestDeploy> {
  const made = await testDeploy()
  await made.deploy.publish(request({ [job]: 'ours\n', [other]: 'ours\n' }))
  return made
}

async function driftedIn({ deploy }: TestDeploy): Promise<readonly string[]> {
  return (await deploy.read()).drifted.map((file) => file.path)
}

describe('an owned file that somebody else changes', () => {
  it('is drifted, with the commit and its author, and is read as it is', async () => {
    const made = await published()
    const commit = await made.byHand({ [job]: 'theirs\n', 'README.md': 'not ours\n' })
    const deployed = await made.deploy.read()
    expect(deployed.drifted).toEqual([{ path: job, commit, author: ada }])
    expect(deployed.files.get(job)).toBe('theirs\n')
  })

  it('stays drifted, and is never overwritten, while other files go on being published', async () => {
    const made = await published()
    const commit = await made.byHand({ [job]: 'theirs\n' })
    await made.deploy.publish(request({ [other]: 'newer\n' }))
    await made.deploy.publish(request({ [other]: 'newest\n' }))
    const reader = await made.another()
    expect((await reader.read()).drifted).toEqual([{ path: job, commit, author: ada }])
    expect(filesOf(made.url)).toMatchObject({ [job]: 'theirs', [other]: 'newest' })
    expect(JSON.parse(filesOf(made.url)[driftPath] ?? '')).toMatchObject({ format: 1, files: [{ path: job, commit }] })
    for (const wanted of ['ours\n', 'other\n', null]) {
      const refused = made.deploy.publish(request({ [job]: wanted, [other]: 'x\n' }))
      await expect(refused).rejects.toMatchObject({ code: 'GIT_FAILED', retry: 'never' })
    }
    expect(filesOf(made.url)).toMatchObject({ [job]: 'theirs', [other]: 'newest' })
  })

  it.each([
    ['adds it', { 'charts/extra.yaml': 'x\n' }, ['charts/extra.yaml']],
    ['deletes it', { [job]: null }, [job]],
    ['changes two files at once', { [job]: 'a\n', [other]: 'b\n' }, [job, other]],
  ])('is drifted also when the commit %s', async (_, files, drifted) => {
    const made = await published()
    await made.byHand(files)
    expect(await driftedIn(made)).toEqual(drifted)
    await made.deploy.publish(request({ 'charts/a.yaml': '1\n' }))
    expect(await driftedIn(made)).toEqual(drifted)
  })

  it('names the newest of several commits that changed it', async () => {
    const made = await published()
    await made.byHand({ [job]: 'theirs 1\n' })
    const second = await made.byHand({ [job]: 'theirs 2\n' })
    expect((await made.deploy.read()).drifted).toEqual([{ path: job, commit: second, author: ada }])
    await made.deploy.publish(request({ [other]: 'x\n' }))
    const third = await made.byHand({ [job]: 'theirs 3\n' })
    expect((await made.deploy.read()).drifted).toEqual([{ path: job, commit: third, author: ada }])
  })

  it('is drifted when a merge brings the change in', async () => {
    const made = await published()
    const folder = made.clone()
    gitIn(folder, 'checkout', '--quiet', '-b', 'side')
    const commit = await commitFiles(folder, { [job]: 'theirs\n' })
    gitIn(folder, 'checkout', '--quiet', 'main')
    await made.deploy.publish(request({ [other]: 'newer\n' }))
    made.clone()
    gitIn(folder, 'merge', '--quiet', '--no-ff', '--message', 'Merge', 'side')
    gitIn(folder, 'push', '--quiet', 'origin', 'HEAD:main')
    expect((await made.deploy.read()).drifted).toEqual([{ path: job, commit, author: ada }])
  })

  it('is drifted when it is changed in the merge itself', async () => {
    const made = await published()
    const folder = made.clone()
    gitIn(folder, 'checkout', '--quiet', '-b', 'side')
    await commitFiles(folder, { 'README.md': 'x\n' })
    gitIn(folder, 'checkout', '--quiet', 'main')
    gitIn(folder, 'merge', '--quiet', '--no-ff', '--no-commit', 'side')
    const merge = await commitFiles(folder, { [job]: 'theirs\n' })
    gitIn(folder, 'push', '--quiet', 'origin', 'HEAD:main')
    expect((await made.deploy.read()).drifted).toEqual([{ path: job, commit: merge, author: ada }])
  })

  it('is drifted when it is ours by its trailers alone', async () => {
    const made = await published()
    const folder = made.clone()
    await commitFiles(folder, { [job]: 'theirs\n' })
    gitIn(
      folder,
      'commit',
      '--quiet',
      '--amend',
      '--message',
      'Forged\n\nSpecyard-Request: 6f1f3f0e-0000-4000-8000-000000000000',
    )
    gitIn(folder, 'push', '--quiet', 'origin', 'HEAD:main')
    expect(await driftedIn(made)).toEqual([job])
  })

  it('is drifted when our own address committed it by hand', async () => {
    const made = await published()
    const folder = made.clone()
    await commitFiles(folder, { [job]: 'theirs\n' })
    gitIn(
      folder,
      '-c',
      `user.email=${us.email}`,
      'commit',
      '--quiet',
      '--amend',
      '--reset-author',
      '--message',
      'By hand',
    )
    gitIn(folder, 'push', '--quiet', 'origin', 'HEAD:main')
    expect(await driftedIn(made)).toEqual([job])
  })

  it('is drifted before we have committed anything at all', async () => {
    const made = await testDeploy()
    gitIn(made.folder, 'clone', '--quiet', made.url, 'clone')
    gitIn(`${made.folder}/clone`, 'checkout', '--quiet', '-B', 'main')
    await commitFiles(`${made.folder}/clone`, { 'charts/theirs.yaml': 'x\n', 'README.md': 'x\n' })
    gitIn(`${made.folder}/clone`, 'push', '--quiet', 'origin', 'HEAD:main')
    expect(await driftedIn(made)).toEqual(['charts/theirs.yaml'])
    await made.deploy.publish(request({ [job]: 'ours\n' }))
    expect(await driftedIn(made)).toEqual(['charts/theirs.yaml'])
  })

  it('as a symbolic link is drifted and not read', async () => {
    const made = await published()
    const folder = made.clone()
    const { symlink } = await import('node:fs/promises')
    await symlink('/etc/passwd', `${folder}/charts-link`)
    gitIn(folder, 'rm', '--quiet', job)
    await symlink('/etc/passwd', `${folder}/${job}`).catch(async () => {
      const { mkdir } = await import('node:fs/promises')
      await mkdir(`${folder}/environments/dev/language/jobs`, { recursive: true })
      await symlink('/etc/passwd', `${folder}/${job}`)
    })
    await commitFiles(folder, {})
    gitIn(folder, 'push', '--quiet', 'origin', 'HEAD:main')
    expect(await driftedIn(made)).toEqual([job])
    expect((await made.deploy.read()).files.has(job)).toBe(false)
  })
})

describe('drift ends', () => {
  it('when the file is again as we had it, before our next commit', async () => {
    const made = await published()
    await made.byHand({ [job]: 'theirs\n' })
    await made.byHand({ [job]: 'ours\n' })
    expect(await driftedIn(made)).toEqual([])
  })

  it('when the file is again as we had it, after commits of ours in between', async () => {
    const made = await published()
    await made.byHand({ [job]: 'theirs\n' })
    await made.deploy.publish(request({ [other]: 'newer\n' }))
    await made.byHand({ [job]: 'ours\n' })
    expect(await driftedIn(made)).toEqual([])
    await made.deploy.publish(request({ [job]: 'ours 2\n' }))
    expect(filesOf(made.url)).toEqual({ [job]: 'ours 2', [other]: 'newer' })
  })

  it('when the file that they added is gone again', async () => {
    const made = await published()
    await made.byHand({ 'charts/extra.yaml': 'x\n' })
    await made.deploy.publish(request({ [other]: 'newer\n' }))
    await made.byHand({ 'charts/extra.yaml': null })
    expect(await driftedIn(made)).toEqual([])
  })

  it('when a change of ours wants just the bytes that are there: the file is adopted', async () => {
    const made = await published()
    await made.byHand({ [job]: 'theirs\n' })
    await made.deploy.publish(request({ [other]: 'newer\n' }))
    const adopted = await made.deploy.publish(request({ [job]: 'theirs\n' }))
    expect(adopted).toMatchObject({ files: 1 })
    expect(await driftedIn(made)).toEqual([])
    expect(filesOf(made.url)[driftPath]).toBeUndefined()
    await made.deploy.publish(request({ [job]: 'ours again\n' }))
    expect(filesOf(made.url)[job]).toBe('ours again')
    expect(await made.deploy.publish(request({ [job]: 'ours again\n' }))).toBeUndefined()
  })
})

describe('the books', () => {
  const source = { format: 1, repository: null, commit: '1'.repeat(40), dirty: false } as const

  it('are read from our own commits: what others write into them counts for nothing and is put right', async () => {
    const made = await published()
    await made.deploy.publish({ source, change: () => change({ [job]: 'ours 2\n' }) })
    await made.byHand({ [sourcePath]: '{"format":1,"commit":null}', [driftPath]: '{"format":1,"files":[]}' })
    await made.byHand({ [job]: 'theirs\n' })
    expect(await driftedIn(made)).toEqual([job])
    const stale = { source: { ...source, commit: '2'.repeat(40) }, change: () => change({ [other]: 'x\n' }) }
    await expect(made.deploy.publish(stale)).rejects.toMatchObject({ code: 'GIT_OVERTAKEN' })
    await made.deploy.publish(request({ [other]: 'newer\n' }))
    expect(JSON.parse(filesOf(made.url)[sourcePath] ?? '')).toEqual(source)
    expect(await driftedIn(made)).toEqual([job])
  })
})
