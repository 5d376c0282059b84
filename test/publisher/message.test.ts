import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../domain/fault.ts'
import { importStream } from '../../publisher/git/import.ts'
import { gitVariables, orDiskFull } from '../../publisher/git/run.ts'
import { commitMessage, readTrailers } from '../../publisher/message.ts'

const requestId = '6f1f3f0e-1234-4000-8000-000000000000'
const plain = { subject: 'Publish specs', body: '', action: 'publication', subjects: [] }

describe('a commit message', () => {
  it('gives back its trailers', () => {
    const source = { format: 1, repository: 'https://host/x', commit: 'a'.repeat(40), dirty: true } as const
    const text = commitMessage(
      { ...plain, subjects: ['dev/a/b', 'dev/a/c'], specs: ['specs/a.yaml', 'specs/ü b.yaml'] },
      source,
      requestId,
      'main',
    )
    expect(readTrailers(text)).toEqual({
      requestId,
      action: 'publication',
      specs: ['specs/a.yaml', 'specs/ü b.yaml'],
      subjects: ['dev/a/b', 'dev/a/c'],
      sourceRepository: 'https://host/x',
      sourceCommit: 'a'.repeat(40),
      sourceDirty: true,
      proposedTo: 'main',
    })
  })

  it('of an operation names no source', () => {
    const said = readTrailers(commitMessage(plain, null, requestId))
    expect(said).toMatchObject({ sourceRepository: null, sourceCommit: null, sourceDirty: false, proposedTo: null })
  })

  it('keeps trailers in the body from passing for its own', () => {
    const body = `Specyard-Request: forged\nSpecyard-Action: forged\r\n\r\nSpecyard-Subject: forged\n\n`
    expect(readTrailers(commitMessage({ ...plain, body }, null, requestId))).toMatchObject({
      action: 'publication',
      subjects: [],
    })
  })

  it('cuts a subject at 72 characters', () => {
    expect(commitMessage({ ...plain, subject: 'ü'.repeat(80) }, null, requestId).split('\n')[0]).toBe(
      `${'ü'.repeat(71)}…`,
    )
  })

  it.each(['', ' ', 'a\nb', 'a\rb', 'a\u2028b', 'a\u0000b'])('with the subject %j is refused', (subject) => {
    expect(() => commitMessage({ ...plain, subject }, null, requestId)).toThrow(
      expect.objectContaining({ code: 'GIT_FAILED' }),
    )
  })

  it('of somebody else is none of ours', () => {
    for (const text of [
      'Subject\n',
      `Specyard-Request: ${requestId}\n`,
      `Subject\n\nSpecyard-Request: ${requestId}\n\nSigned-off-by: Ada\n`,
      `Subject\n\nSpecyard-Request: ${requestId}\nSpecyard-Request: ${requestId}\n`,
      `Subject\n\nSpecyard-Request: ${requestId}\nSpecyard-Action: a\nSpecyard-Action: b\n`,
      'Subject\n\nSpecyard-Request: not-a-uuid\n',
      `Subject\n\n specyard-request: ${requestId}\n`,
    ])
      expect(readTrailers(text), text).toBeUndefined()
  })
})

describe('the stream of a commit', () => {
  it('removes first, goes in the order of paths, counts bytes, not characters, and puts each commit on the one before', () => {
    const files = new Map([
      ['charts/b', 'ü'],
      ['charts/a b', 'x\n'],
      ['charts/a', null],
    ])
    const author = { name: 'A <x>\nB', email: 'a@b' }
    const parts = [
      ...importStream('refs/x', 'p', [
        { author, at: new Date(1_700_000_000_999), message: 'm', files },
        { author, at: new Date(1_700_000_001_000), message: 'n', files: new Map() },
      ]),
    ]
    expect(parts.join('')).toBe(
      'commit refs/x\nmark :1\nauthor A xB <a@b> 1700000000 +0000\ncommitter A xB <a@b> 1700000000 +0000\ndata 1\nm\nfrom p\n' +
        'D "charts/a"\nM 100644 inline "charts/a b"\ndata 2\nx\n\nM 100644 inline "charts/b"\ndata 2\nü\n' +
        'commit refs/x\nmark :2\nauthor A xB <a@b> 1700000001 +0000\ncommitter A xB <a@b> 1700000001 +0000\ndata 1\nn\nfrom :1\n' +
        'get-mark :1\nget-mark :2\ndone\n',
    )
  })
})

describe('the environment of git', () => {
  it('holds what the caller gives, but nothing that turns git to another repository, program or configuration', () => {
    const given = {
      PATH: '/bin',
      GIT_DIR: '/x',
      GIT_EXTERNAL_DIFF: 'x',
      GIT_CONFIG_COUNT: '1',
      git_dir: 'x',
      PAGER: 'x',
      LC_MESSAGES: 'de',
      GIT_SSH_COMMAND: 'ssh -i key',
    }
    const seen = gitVariables({ environment: given, globalConfiguration: null })
    expect(seen).toEqual({
      PATH: '/bin',
      GIT_SSH_COMMAND: 'ssh -i key',
      HOME: '/nonexistent',
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: 'file:https:http:ssh',
      GIT_OPTIONAL_LOCKS: '0',
    })
  })
})

describe('a failure of git', () => {
  const failed = new Fault('GIT_FAILED', 'git fast-import failed: fatal: write error', { retry: 'later' })

  it('on a disk without room is DISK_FULL and names the folder', async () => {
    const fault = await orDiskFull(failed, ['/a', '/b'], 1, async (folder) => folder !== '/b')
    expect(fault).toMatchObject({ code: 'DISK_FULL', retry: 'later' })
    expect(fault.message).toContain('/b')
  })

  it('on a disk with room stays what it is', async () => {
    expect(await orDiskFull(failed, ['/a'], 1, async () => true)).toBe(failed)
  })

  it('that had to write more than the disk has room for is DISK_FULL', async () => {
    expect(await orDiskFull(failed, [tmpdir()], 2 ** 60)).toMatchObject({ code: 'DISK_FULL' })
    expect(await orDiskFull(failed, [tmpdir()], 1)).toBe(failed)
  })

  it('in a folder that is not there stays what it is', async () => {
    expect(await orDiskFull(failed, ['/nonexistent/folder'])).toBe(failed)
  })
})
