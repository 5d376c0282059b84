import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRevisions } from '../../publisher/revisions.ts'
import { descends, describeSource, readRevision, readWorkingTree, type Sources } from '../../publisher/source.ts'
import { specBytesMax, specFilesMax } from '../../publisher/spec-files.ts'
import {
  bareEnvironment,
  commitFiles,
  gitIn,
  temporaryFolder,
  workRepository,
  writeFiles,
} from '../support/publisher.ts'

const environment = bareEnvironment

function textOf(sources: Sources): Record<string, string> {
  return Object.fromEntries(sources.files.map((file) => [file.path, new TextDecoder().decode(file.bytes)]))
}

function problemsOf(sources: Sources): readonly (readonly [string, string])[] {
  return sources.problems.map((problem) => [problem.code, problem.where.file] as const)
}

describe('a working tree', () => {
  it('gives its spec files in the order of their paths, and nothing else', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, {
      'specs/b.yaml': 'b',
      'specs/a/z.yml': 'z',
      'specs/a/y.yaml': '',
      'specs/a.yaml': 'a',
      'specs/README.md': 'no spec',
      'specs/.a.yaml.swp': 'editor',
      'specs/.hidden/x.yaml': 'hidden',
      'other/x.yaml': 'elsewhere',
      'specyard.yaml': 'settings',
    })
    const sources = await readWorkingTree(root)
    expect(sources.problems).toEqual([])
    expect(Object.entries(textOf(sources))).toEqual([
      ['specs/a.yaml', 'a'],
      ['specs/a/y.yaml', ''],
      ['specs/a/z.yml', 'z'],
      ['specs/b.yaml', 'b'],
    ])
  })

  it('without a folder specs/ is no spec repository', async () => {
    await expect(readWorkingTree(await temporaryFolder())).rejects.toMatchObject({ code: 'NOT_A_SPEC_REPOSITORY' })
  })

  it('whose specs/ is no folder says what it should be', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, { specs: 'a' })
    await expect(readWorkingTree(root)).rejects.toMatchObject({
      message: `the folder specs/ cannot be read (ENOTDIR) in ${root}`,
      hint: 'it must be a folder that you may read',
    })
  })

  it('gives a problem at its path for every link that leads out, and follows none', async () => {
    const folder = await temporaryFolder()
    const root = join(folder, 'root')
    await writeFiles(folder, { 'secret.yaml': 'secret', 'rootless/x.yaml': 'secret', 'root/specs/fine.yaml': 'fine' })
    await writeFiles(root, { 'shared/inside.yaml': 'inside' })
    await symlink(join(folder, 'secret.yaml'), join(root, 'specs', 'absolute.yaml'))
    await symlink('../../secret.yaml', join(root, 'specs', 'relative.yaml'))
    await symlink('../../rootless', join(root, 'specs', 'folder'))
    await symlink('../../nowhere.yaml', join(root, 'specs', 'nowhere.yaml'))
    await symlink('loop.yaml', join(root, 'specs', 'loop.yaml'))
    await symlink('../shared/inside.yaml', join(root, 'specs', 'inside.yaml'))
    await symlink('.', join(root, 'specs', 'self'))
    const sources = await readWorkingTree(root)
    expect(textOf(sources)).toEqual({ 'specs/fine.yaml': 'fine', 'specs/inside.yaml': 'inside' })
    expect(problemsOf(sources)).toEqual([
      ['FILE_OUTSIDE', 'specs/absolute.yaml'],
      ['FILE_OUTSIDE', 'specs/folder'],
      ['FILE_OUTSIDE', 'specs/loop.yaml'],
      ['FILE_OUTSIDE', 'specs/nowhere.yaml'],
      ['FILE_OUTSIDE', 'specs/relative.yaml'],
      ['FILE_UNREADABLE', 'specs/self'],
    ])
    expect(sources.problems.every((problem) => problem.severity === 'error' && problem.where.line === 1)).toBe(true)
  })

  it('whose specs/ is itself a link out of it gives nothing', async () => {
    const folder = await temporaryFolder()
    await writeFiles(folder, { 'elsewhere/a.yaml': 'a', 'root/specyard.yaml': '' })
    await symlink('../elsewhere', join(folder, 'root', 'specs'))
    const sources = await readWorkingTree(join(folder, 'root'))
    expect([textOf(sources), problemsOf(sources)]).toEqual([{}, [['FILE_OUTSIDE', 'specs']]])
  })

  it('reached by a link is read all the same', async () => {
    const folder = await temporaryFolder()
    await writeFiles(folder, { 'real/specs/a.yaml': 'a' })
    await symlink('real', join(folder, 'link'))
    expect(textOf(await readWorkingTree(join(folder, 'link')))).toEqual({ 'specs/a.yaml': 'a' })
  })

  it('refuses a file of one byte too many, whatever else is there', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, {
      'specs/full.yaml': 'x'.repeat(specBytesMax),
      'specs/over.yaml': 'x'.repeat(specBytesMax + 1),
    })
    const sources = await readWorkingTree(root)
    expect(problemsOf(sources)).toEqual([['FILE_TOO_LARGE', 'specs/over.yaml']])
    expect(sources.files.map((file) => [file.path, file.bytes.length])).toEqual([['specs/full.yaml', specBytesMax]])
  })

  it('does not wait for the writer of a pipe, nor read what is not a file', async () => {
    const root = await temporaryFolder()
    await mkdir(join(root, 'specs', 'folder.yaml'), { recursive: true })
    execFileSync('mkfifo', [join(root, 'specs', 'pipe.yaml')])
    await symlink('/dev/zero', join(root, 'specs', 'zero.yaml'))
    expect(problemsOf(await readWorkingTree(root))).toEqual([
      ['FILE_UNREADABLE', 'specs/pipe.yaml'],
      ['FILE_OUTSIDE', 'specs/zero.yaml'],
    ])
  })

  it('shows no line break of a name', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, { 'specs/a\n::error::forged.yaml': 'a' })
    expect(problemsOf(await readWorkingTree(root))).toEqual([['FILE_UNREADABLE', 'specs/a?::error::forged.yaml']])
  })

  it('says at which file it may not read', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, { 'specs/a.yaml': 'a', 'specs/b.yaml': 'b' })
    await chmod(join(root, 'specs', 'a.yaml'), 0)
    const readable = process.getuid?.() === 0
    expect(problemsOf(await readWorkingTree(root))).toEqual(readable ? [] : [['FILE_UNREADABLE', 'specs/a.yaml']])
  })

  it(`refuses more than ${specFilesMax} files`, async () => {
    const root = await temporaryFolder()
    await mkdir(join(root, 'specs'))
    for (let index = 0; index < specFilesMax; index += 1) await writeFile(join(root, 'specs', `${index}.yaml`), '')
    expect((await readWorkingTree(root)).files).toHaveLength(specFilesMax)
    await writeFile(join(root, 'specs', 'more.yaml'), '')
    expect(await readWorkingTree(root)).toMatchObject({
      files: [],
      problems: [{ code: 'FILES_TOO_MANY', where: { file: 'specs' } }],
    })
  })
})

describe('a revision', () => {
  it('gives the same files as the working tree it came from, whatever is there now', async () => {
    const root = await workRepository(await temporaryFolder(), {
      'specs/a.yaml': 'a',
      'specs/b/c.yml': 'c',
      'specs/x.md': '',
      'specs/.h/x.yaml': '',
    })
    const first = await readWorkingTree(root)
    const commit = gitIn(root, 'rev-parse', 'HEAD')
    await commitFiles(root, { 'specs/a.yaml': 'newer', 'specs/b/c.yml': null })
    await writeFiles(root, { 'specs/a.yaml': 'uncommitted' })
    for (const name of [commit, commit.slice(0, 10), 'HEAD~1', 'main^']) {
      expect(await readRevision(root, name, environment)).toEqual(first)
    }
    expect(textOf(await readRevision(root, 'HEAD', environment))).toEqual({ 'specs/a.yaml': 'newer' })
  })

  it('of a root inside a larger repository has paths from that root', async () => {
    const top = await workRepository(await temporaryFolder(), { 'ml/specs/a.yaml': 'a', 'specs/other.yaml': 'no' })
    expect(textOf(await readRevision(join(top, 'ml'), 'HEAD', environment))).toEqual({ 'specs/a.yaml': 'a' })
  })

  it('has a problem for every link, submodule and large file', async () => {
    const root = await workRepository(await temporaryFolder(), {
      'specs/a.yaml': 'a',
      'specs/over.yaml': 'x'.repeat(specBytesMax + 1),
    })
    await symlink('a.yaml', join(root, 'specs', 'link.yaml'))
    await workRepository(join(root, 'specs', 'module'), { 'm.yaml': 'm' })
    await commitFiles(root, {})
    const sources = await readRevision(root, 'HEAD', environment)
    expect(textOf(sources)).toEqual({ 'specs/a.yaml': 'a' })
    expect(problemsOf(sources)).toEqual([
      ['FILE_OUTSIDE', 'specs/link.yaml'],
      ['FILE_OUTSIDE', 'specs/module'],
      ['FILE_TOO_LARGE', 'specs/over.yaml'],
    ])
  })

  it('that is not there, or is no revision at all, is REVISION_UNKNOWN', async () => {
    const root = await workRepository(await temporaryFolder(), { 'specs/a.yaml': 'a' })
    for (const name of ['nowhere', '', '--all', '--output=/tmp/x', 'HEAD:specs/a.yaml', '9'.repeat(40), 'a\nb']) {
      await expect(readRevision(root, name, environment), name).rejects.toMatchObject({ code: 'REVISION_UNKNOWN' })
    }
  })

  it('is read from a shallow clone, with an empty home', async () => {
    const folder = await temporaryFolder()
    const root = await workRepository(join(folder, 'root'), { 'specs/a.yaml': 'a' })
    await commitFiles(root, { 'specs/a.yaml': 'newer' })
    gitIn(folder, 'clone', '--quiet', '--depth=1', `file://${root}`, 'shallow')
    const shallow = join(folder, 'shallow')
    expect(textOf(await readRevision(shallow, 'HEAD', environment))).toEqual({ 'specs/a.yaml': 'newer' })
    await expect(readRevision(shallow, 'HEAD~1', environment)).rejects.toMatchObject({ code: 'REVISION_UNKNOWN' })
  })
})

describe('the name of a revision', () => {
  const named = async (root: string, name: string): Promise<Sources> => {
    const revisions = await openRevisions(root, environment)
    return revisions.read(await revisions.resolve(name))
  }

  it('that a branch and a tag of different commits have is refused, and each is read by its whole name', async () => {
    const root = await workRepository(await temporaryFolder(), { 'specs/a.yaml': 'old' })
    gitIn(root, 'tag', 'release')
    gitIn(root, 'branch', 'release')
    expect(textOf(await named(root, 'release'))).toEqual({ 'specs/a.yaml': 'old' })
    await commitFiles(root, { 'specs/a.yaml': 'new' })
    gitIn(root, 'branch', '--force', 'release', 'HEAD')
    await expect(named(root, 'release')).rejects.toMatchObject({
      code: 'REVISION_UNKNOWN',
      message: '"release" is a branch and a tag of different commits',
      hint: 'write heads/release or tags/release',
    })
    expect(textOf(await named(root, 'heads/release'))).toEqual({ 'specs/a.yaml': 'new' })
    expect(textOf(await named(root, 'tags/release'))).toEqual({ 'specs/a.yaml': 'old' })
  })

  it('of so few digits that several commits begin with them names those', async () => {
    const root = await workRepository(await temporaryFolder(), { 'specs/a.yaml': 'a' })
    const commits = Array.from(
      { length: 1000 },
      (_, index) => `commit refs/heads/many\ncommitter A <a@example.com> ${index} +0000\ndata 1\na\n`,
    )
    execFileSync('git', ['-C', root, 'fast-import', '--quiet'], { input: commits.join('') })
    const ids = gitIn(root, 'rev-list', 'many').split('\n')
    const seen = new Map<string, string>()
    const [one = '', other = ''] = ids.flatMap((id) => {
      const alike = seen.get(id.slice(0, 4))
      seen.set(id.slice(0, 4), id)
      return alike === undefined ? [] : [id, alike]
    })
    await expect(named(root, one.slice(0, 4))).rejects.toMatchObject({
      code: 'REVISION_UNKNOWN',
      hint: expect.stringMatching(new RegExp(`${one}.*${other}|${other}.*${one}`)) as string,
    })
  })
})

describe('the source of a working tree', () => {
  it('outside Git, and before the first commit, has no commit and is dirty', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, { 'specs/a.yaml': 'a' })
    const outside = { format: 1, repository: null, commit: null, dirty: true }
    expect(await describeSource(root, environment)).toEqual(outside)
    expect(await describeSource(root, { PATH: '/nonexistent' })).toEqual(outside)
    gitIn(root, 'init', '--quiet')
    gitIn(root, 'remote', 'add', 'origin', 'https://robot:canary@git.example.com/specs.git')
    expect(await describeSource(root, environment)).toEqual({
      ...outside,
      repository: 'https://git.example.com/specs.git',
    })
  })

  it.each([
    ['is clean as it was committed', {}, false],
    ['is dirty with a changed spec', { 'specs/a.yaml': 'b' }, true],
    ['is dirty with a new spec that Git does not know', { 'specs/new.yaml': '' }, true],
    ['is dirty with a new spec that Git ignores', { 'specs/ignored.yaml': '' }, true],
    ['is dirty without a spec', { 'specs/a.yaml': null }, true],
    ['is dirty with changed settings', { 'specyard.yaml': 'other' }, true],
    ['is clean whatever else changes', { 'README.md': 'x', 'src/x.yaml': 'x', 'specs/.a.yaml.swp': 'x' }, false],
    ['is clean when only the line ends differ', { 'specs/lines.yaml': 'a: 1\r\nb: 2\r\n' }, false],
  ])('%s', async (_, files, dirty) => {
    const root = await workRepository(await temporaryFolder(), {
      'specs/a.yaml': 'a',
      'specs/lines.yaml': 'a: 1\nb: 2\n',
      'specyard.yaml': 'settings',
      '.gitignore': 'ignored.yaml\n',
    })
    await writeFiles(root, files)
    const commit = gitIn(root, 'rev-parse', 'HEAD')
    expect(await describeSource(root, environment)).toEqual({ format: 1, repository: null, commit, dirty })
  })

  it('is told of a folder inside a larger repository, by what is in that folder', async () => {
    const top = await workRepository(await temporaryFolder(), { 'ml/specs/a.yaml': 'a', 'specs/a.yaml': 'a' })
    await writeFiles(top, { 'specs/a.yaml': 'changed' })
    expect(await describeSource(join(top, 'ml'), environment)).toMatchObject({ dirty: false })
  })

  it('is told without running what the repository configures, as another owner, with an empty home', async () => {
    const folder = await temporaryFolder()
    const root = await workRepository(join(folder, 'root'), {
      'specs/a.yaml': 'a',
      '.gitattributes': '*.yaml filter=bad diff=bad\n',
    })
    const script = join(folder, 'owned.sh')
    await writeFile(script, `#!/bin/sh\ntouch ${join(folder, 'owned')}\ncat\n`)
    await chmod(script, 0o755)
    for (const setting of [
      'filter.bad.clean',
      'filter.bad.process',
      'core.fsmonitor',
      'diff.bad.textconv',
      'core.pager',
      'core.sshCommand',
    ]) {
      gitIn(root, 'config', setting, script)
    }
    await writeFile(join(root, '.git', 'hooks', 'post-index-change'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    await writeFiles(root, { 'specs/a.yaml': 'b' })
    // Only root can give a folder away; anybody else reads a folder of their own here.
    if (process.getuid?.() === 0)
      for (const path of ['', '.git', 'specs']) await chown(join(root, path), 12_345, 12_345)
    expect(await describeSource(root, environment)).toMatchObject({ dirty: true })
    expect(textOf(await readRevision(root, 'HEAD', environment))).toEqual({ 'specs/a.yaml': 'a' })
    await expect(import('node:fs/promises').then(({ access }) => access(join(folder, 'owned')))).rejects.toThrow()
  })

  it('in a broken repository is a fault, not a guess', async () => {
    const root = await temporaryFolder()
    await writeFiles(root, { 'specs/a.yaml': 'a', '.git/HEAD': 'nonsense' })
    await expect(describeSource(root, environment)).rejects.toMatchObject({ code: 'GIT_FAILED' })
  })
})

describe('descent', () => {
  it('is told by the history of the spec repository', async () => {
    const root = await workRepository(await temporaryFolder(), { 'specs/a.yaml': '1' })
    const first = gitIn(root, 'rev-parse', 'HEAD')
    const second = await commitFiles(root, { 'specs/a.yaml': '2' })
    gitIn(root, 'checkout', '--quiet', '-b', 'side', first)
    const side = await commitFiles(root, { 'specs/a.yaml': '3' })
    const follows = descends(root, environment)
    expect(await follows(first, second)).toBe(true)
    expect(await follows(second, second)).toBe(true)
    expect(await follows(second, first)).toBe(false)
    expect(await follows(second, side)).toBe(false)
    expect(await follows('9'.repeat(40), second)).toBe('unknown')
    expect(await follows('--all', second)).toBe('unknown')
  })

  it('is unknown where a shallow clone ends too early to tell', async () => {
    const folder = await temporaryFolder()
    const root = await workRepository(join(folder, 'root'), { 'specs/a.yaml': '1' })
    const first = gitIn(root, 'rev-parse', 'HEAD')
    const second = await commitFiles(root, { 'specs/a.yaml': '2' })
    gitIn(folder, 'clone', '--quiet', '--depth=1', `file://${root}`, 'shallow')
    expect(await descends(join(folder, 'shallow'), environment)(first, second)).toBe('unknown')
  })
})
