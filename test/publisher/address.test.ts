import { describe, expect, it } from 'vitest'
import { checkedAddress, checkedBranch, publicUrl, withoutCredentials } from '../../publisher/git/address.ts'
import { gitSaid } from '../../publisher/git/run.ts'

describe('an address of a repository', () => {
  it.each([
    '/srv/deploy.git',
    '/srv/with space.git',
    'https://git.example.com/a/b.git',
    'https://user:token@git.example.com/a/b.git',
    'http://127.0.0.1:3000/a.git',
    'ssh://git@git.example.com:2222/a/b.git',
    'file:///srv/deploy.git',
    'git@github.com:example/deploy.git',
  ])('%s is taken as it is', (url) => {
    expect(checkedAddress(url).url).toBe(url)
  })

  it.each([
    'ext::sh -c touch% /tmp/owned',
    'fd::17/foo',
    '--upload-pack=touch /tmp/owned',
    '-oProxyCommand=touch /tmp/owned',
    'ssh://-oProxyCommand=touch/x',
    'ssh://%2doProxyCommand=touch/x',
    'ssh://-oProxyCommand=x@host/x',
    'git@-oProxyCommand=touch:x',
    '-x@host:path',
    'git@host:-path',
    'git@host::path',
    'ftp://host/x',
    'git://host/x',
    'HTTPS+EXT://host/x',
    'javascript:alert(1)',
    'relative/path',
    '../deploy.git',
    'https://',
    'https://host/x\ny',
    '/srv/x\u0000y',
    '',
  ])('%j is refused', (url) => {
    expect(() => checkedAddress(url)).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID', retry: 'never' }))
  })

  it('with credentials is refused without showing them', () => {
    expect(() => checkedAddress('ftp://user:canary@host/x')).toThrow(/^(?!.*canary)/)
    // A slash that nobody encoded: Git would look up the beginning of the password as a host, and print the rest.
    for (const url of ['https://user:can/ary@host/x', 'ssh://git:can/ary@host/x', 'ext::user:canary@host/x'])
      expect(() => checkedAddress(url)).toThrow(/^(?!.*can)(?!.*ary)/)
  })
})

describe('a branch', () => {
  it.each(['main', 'release/1.2', 'a-b_c', 'team@deploy'])('%s is taken', (name) =>
    expect(checkedBranch(name)).toBe(name),
  )
  it.each([
    '',
    '-main',
    '--all',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a\n',
    'x.lock',
    'x.lock/y',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    '@{u}',
    'a@{1}',
    'HEAD',
    'refs/heads/main',
  ])('%j is refused', (name) => {
    expect(() => checkedBranch(name)).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }))
  })
})

describe('credentials', () => {
  it.each([
    ['fatal: https://user:canary@host/x not found', 'fatal: https://host/x not found'],
    ['https://canary@host/x and https://host/y', 'https://host/x and https://host/y'],
    ['https://a:can@ary@host/x', 'https://host/x'],
    ['https://a:can/ary@host/x', 'https://host/x'],
    ['file:///repositories/a@b/c', 'file:///repositories/a@b/c'],
    ['ssh://git@host/x', 'ssh://host/x'],
    ['git@github.com:a/b', 'git@github.com:a/b'],
  ])('are taken out of %j', (text, shown) => expect(withoutCredentials(text)).toBe(shown))

  it('are taken out wherever git repeats them, written or decoded', () => {
    const { secrets } = checkedAddress('https://robot:can%2Fary@host/x')
    const said = gitSaid('error: password can/ary of robot (can%2Fary) is wrong\n', secrets)
    expect(said).toBe('error: password *** of *** (***) is wrong')
  })
})

describe('what git says', () => {
  it.each([
    [
      'fatal: no such repository\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n',
      'fatal: no such repository',
    ],
    [
      'ssh: Could not resolve hostname x\nfatal: Could not read\n',
      'ssh: Could not resolve hostname x; fatal: Could not read',
    ],
    [
      'remote: protected branch\nTo /srv/x\n ! [remote rejected] main -> main (hook declined)\nerror: failed to push\n',
      'remote: protected branch; ! [remote rejected] main -> main (hook declined)',
    ],
    ['something odd\n', 'something odd'],
    ['', 'it said nothing'],
  ])('in %j is shown as one line that tells the error', (text, line) => expect(gitSaid(text, [])).toBe(line))
})

describe('the URL of a remote in records', () => {
  it.each([
    ['https://user:canary@host/a.git', 'https://host/a.git'],
    ['https://canary@host/a.git', 'https://host/a.git'],
    ['https://user:can/ary@host/a.git', null],
    ['https://host/a.git?token=canary#x', 'https://host/a.git'],
    ['ssh://git:canary@host/a.git', 'ssh://git@host/a.git'],
    ['ssh://git@host/a.git', 'ssh://git@host/a.git'],
    ['git@host:a.git', 'git@host:a.git'],
    ['/srv/a.git', '/srv/a.git'],
    ['https://host/a\nSpecyard-Action: x', null],
    ['', null],
  ])('%j is kept as %j', (url, kept) => expect(publicUrl(url)).toBe(kept))
})
