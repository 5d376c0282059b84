import { chmod, readdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commitSpec, type SpecCommit, writeSpecFile } from '../../publisher/specs.ts'
import {
  bareEnvironment,
  commitCount,
  commitFiles,
  filesOf,
  fsck,
  gitIn,
  temporaryFolder,
  us,
  workRepository,
  writeFiles,
} from '../support/publisher.ts'

const path = 'specs/submitted/one.yaml'
const notAsExpected = { code: 'FILE_FAILED', retry: 'soon' }
const refused = { code: 'FILE_FAILED', retry: 'never' }

const hostile = [
  '../specs/a.yaml',
  'specs/../a.yaml',
  '/specs/a.yaml',
  'specs//a.yaml',
  'specs/./a.yaml',
  'specs/a.txt',
  'specs',
  'specs/.yaml',
  'specs/.git/a.yaml',
  'specs\\a.yaml',
  'specs/a\n.yaml',
  'specs/a\u0000.yaml',
  'specyard.yaml',
  '--output.yaml',
  `specs/${'a'.repeat(1100)}.yaml`,
]

describe('writing a spec file', () => {
  it('makes the file and the folders above it, and leaves nothing else', async () => {
    const root = await temporaryFolder()
    await writeSpecFile(root, path, 'a: 1\n', null)
    expect(await readFile(join(root, path), 'utf8')).toBe('a: 1\n')
    expect(await readdir(join(root, 'specs', 'submitted'))).toEqual(['one.yaml'])
  })

  it('replaces a file that is as expected, and keeps its permissions', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, { [path]: 'old' })
    await chmod(join(root, path), 0o640)
    await writeSpecFile(root, path, 'new', 'old')
    expect(await readFile(join(root, path), 'utf8')).toBe('new')
    expect((await stat(join(root, path))).mode & 0o777).toBe(0o640)
  })

  it('refuses when the file is another, is there already, or is gone, and leaves it as it is', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, { [path]: 'theirs' })
    await expect(writeSpecFile(root, path, 'new', 'old')).rejects.toMatchObject(notAsExpected)
    await expect(writeSpecFile(root, path, 'new', null)).rejects.toMatchObject(notAsExpected)
    await expect(writeSpecFile(root, 'specs/gone.yaml', 'new', 'old')).rejects.toMatchObject(notAsExpected)
    expect(await readFile(join(root, path), 'utf8')).toBe('theirs')
    expect(await readdir(join(root, 'specs'))).toEqual(['submitted'])
  })

  it('by many at once makes one of them win', async () => {
    const root = await temporaryFolder()
    const writes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => writeSpecFile(root, path, `${index}`, null)),
    )
    const won = writes.flatMap((write, index) => (write.status === 'fulfilled' ? [`${index}`] : []))
    expect(won).toEqual([await readFile(join(root, path), 'utf8')])
  })

  it.each(hostile)('to %j is refused', async (name) => {
    const folder = await temporaryFolder()
    await writeFiles(folder, { 'root/specs/keep.yaml': '' })
    await expect(writeSpecFile(join(folder, 'root'), name, 'x', null)).rejects.toMatchObject(refused)
    expect(await readdir(folder, { recursive: true })).toEqual(['root', 'root/specs', 'root/specs/keep.yaml'])
  })

  it('never goes through a link', async () => {
    const folder = await temporaryFolder()
    const root = join(folder, 'root')
    await writeFiles(folder, { 'root/specs/keep.yaml': '', 'outside/a.yaml': 'theirs' })
    await symlink('../../outside', join(root, 'specs', 'folder'))
    await symlink('../../outside/a.yaml', join(root, 'specs', 'a.yaml'))
    await expect(writeSpecFile(root, 'specs/folder/a.yaml', 'x', 'theirs')).rejects.toMatchObject(refused)
    await expect(writeSpecFile(root, 'specs/folder/deep/a.yaml', 'x', null)).rejects.toMatchObject(refused)
    await expect(writeSpecFile(root, 'specs/a.yaml', 'x', 'theirs')).rejects.toMatchObject(refused)
    expect(await readFile(join(folder, 'outside', 'a.yaml'), 'utf8')).toBe('theirs')
    expect(await readdir(join(folder, 'outside'))).toEqual(['a.yaml'])
  })

  it('larger than a spec may be is refused', async () => {
    const root = await temporaryFolder()
    await expect(writeSpecFile(root, path, 'x'.repeat(256 * 1024 + 1), null)).rejects.toMatchObject(refused)
  })
})

describe('committing a spec file', () => {
  async function specRepository() {
    const folder = await temporaryFolder()
    const work = await workRepository(join(folder, 'work'), { 'specs/a.yaml': 'a\n', 'README.md': 'r' })
    gitIn(folder, 'clone', '--quiet', '--bare', work, 'specs.git')
    const url = join(folder, 'specs.git')
    const request = (more: Partial<SpecCommit> & Pick<SpecCommit, 'path' | 'text' | 'expected'>): SpecCommit => ({
      url,
      branch: 'main',
      cacheFolder: join(folder, 'cache'),
      environment: bareEnvironment,
      author: us,
      message: 'Submit a training',
      now: () => new Date('2026-03-01T12:00:00Z'),
      ...more,
    })
    return { url, work, request }
  }

  it('is one commit on top of what the branch holds by then', async () => {
    const { url, work, request } = await specRepository()
    const first = await commitSpec(request({ path, text: 'x\n', expected: null }))
    expect(gitIn(url, 'rev-parse', 'main')).toBe(first)
    gitIn(work, 'pull', '--quiet', url, 'main')
    await commitFiles(work, { 'specs/b.yaml': 'b' })
    gitIn(work, 'push', '--quiet', url, 'HEAD:main')
    await commitSpec(request({ path, text: 'y\n', expected: 'x\n' }))
    expect(filesOf(url)).toEqual({ 'README.md': 'r', 'specs/a.yaml': 'a', 'specs/b.yaml': 'b', [path]: 'y' })
    expect(gitIn(url, 'log', '-1', '--format=%s|%ce', 'main')).toBe(`Submit a training|${us.email}`)
    expect(commitCount(url)).toBe(4)
    fsck(url)
  })

  it('makes no commit when the file is so already', async () => {
    const { url, request } = await specRepository()
    expect(await commitSpec(request({ path: 'specs/a.yaml', text: 'a\n', expected: null }))).toBeUndefined()
    expect(commitCount(url)).toBe(1)
  })

  it('refuses when the file is not as expected, or is not a file', async () => {
    const { url, work, request } = await specRepository()
    await expect(commitSpec(request({ path: 'specs/a.yaml', text: 'x', expected: null }))).rejects.toMatchObject(
      notAsExpected,
    )
    await expect(commitSpec(request({ path: 'specs/a.yaml', text: 'x', expected: 'b' }))).rejects.toMatchObject(
      notAsExpected,
    )
    await expect(commitSpec(request({ path, text: 'x', expected: 'b' }))).rejects.toMatchObject(notAsExpected)
    await symlink('/etc/passwd', join(work, 'specs', 'link.yaml'))
    await commitFiles(work, {})
    gitIn(work, 'push', '--quiet', url, 'HEAD:main')
    await expect(commitSpec(request({ path: 'specs/link.yaml', text: 'x', expected: null }))).rejects.toMatchObject(
      refused,
    )
  })

  it('by many at once loses none of them', async () => {
    const { url, request } = await specRepository()
    await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        commitSpec(request({ path: `specs/n${index}.yaml`, text: `${index}`, expected: null })),
      ),
    )
    expect(Object.keys(filesOf(url))).toHaveLength(8)
    expect(commitCount(url)).toBe(7)
  })

  it.each(hostile)('to %j is refused', async (name) => {
    const folder = await temporaryFolder()
    const spec = {
      url: join(folder, 'x.git'),
      branch: 'main',
      cacheFolder: join(folder, 'cache'),
      environment: bareEnvironment,
      author: us,
    }
    const commit = { ...spec, message: 'm', now: () => new Date(), path: name, text: 'x', expected: null }
    await expect(commitSpec(commit)).rejects.toMatchObject(refused)
    expect(await readdir(folder)).toEqual([])
  })
})
