import { execFileSync } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openDeployRepository } from '../../../../publisher/deploy.ts'
import { openInspection } from '../../../../publisher/inspect.ts'
import { openSpecBranch, specFolder } from '../../../../publisher/spec-repository.ts'
import { bareEnvironment, gitIn, request } from '../../../support/publisher.ts'
import { type Ground, type HostileCase, secretWords } from './case.ts'

/* What a repository may have in it: configuration and hooks that name programs, links and submodules that lead to files of this machine. */

/** Settings that name a program; `%` stands for it. */
const settings: readonly string[] = [
  '[core]\n\tsshCommand = %',
  '[core]\n\tfsmonitor = %',
  '[core]\n\thooksPath = HOOKS',
  '[core]\n\tpager = %',
  '[core]\n\teditor = %',
  '[core]\n\taskPass = %',
  '[core]\n\tgitProxy = %',
  '[core]\n\talternateRefsCommand = %',
  '[credential]\n\thelper = !%',
  '[credential]\n\thelper = %',
  '[diff]\n\texternal = %',
  '[diff "x"]\n\ttextconv = %',
  '[filter "x"]\n\tclean = %\n\tsmudge = %\n\tprocess = %\n\trequired = true',
  '[merge "x"]\n\tdriver = %',
  '[gpg]\n\tprogram = %\n[commit]\n\tgpgSign = true\n[user]\n\tsigningKey = x',
  '[gpg "ssh"]\n\tprogram = %\n\tdefaultKeyCommand = %\n[gpg]\n\tformat = ssh\n[commit]\n\tgpgSign = true',
  '[alias]\n\tfetch = !%\n\tpush = !%\n\tls-remote = !%\n\tls-tree = !%',
  '[uploadpack]\n\tpackObjectsHook = %',
  '[remote "origin"]\n\turl = ext::%\n\tuploadpack = %\n\treceivepack = %',
  '[url "ext::%"]\n\tinsteadOf = URL',
  '[sequence]\n\teditor = %',
  '[trailer "x"]\n\tcommand = %\n\tcmd = %',
  '[include]\n\tpath = INCLUDED',
  '[includeIf "gitdir:/"]\n\tpath = INCLUDED',
  '[extensions]\n\tworktreeConfig = true',
  '[protocol]\n\tallow = always\n[protocol "ext"]\n\tallow = always\n[url "ext::%"]\n\tinsteadOf = URL',
]

const hooks = ['pre-push', 'post-checkout', 'post-merge', 'reference-transaction', 'pre-auto-gc', 'post-index-change']

async function writeExecutable(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await chmod(path, 0o755)
}

/** Writes settings, and whatever they lead to, into a Git folder. */
async function poison(ground: Ground, gitFolder: string, text: string, url: string): Promise<void> {
  const program = join(ground.folder, 'program')
  await writeExecutable(program, `#!/bin/sh\n${ground.command}\nexit 1\n`)
  const included = join(gitFolder, 'included')
  const filled = (from: string): string =>
    from
      .replaceAll('%', program)
      .replaceAll('URL', url)
      .replaceAll('INCLUDED', included)
      .replaceAll('HOOKS', join(gitFolder, 'hooks'))
  await writeFile(included, filled('[core]\n\tsshCommand = %\n\tfsmonitor = %\n[credential]\n\thelper = !%\n'))
  await writeFile(join(gitFolder, 'config.worktree'), filled('[core]\n\tfsmonitor = %\n[credential]\n\thelper = !%\n'))
  for (const hook of hooks) await writeExecutable(join(gitFolder, 'hooks', hook), `#!/bin/sh\n${ground.command}\n`)
  const before = gitIn(gitFolder, 'config', '--file', 'config', '--list') === '' ? '' : '\n'
  await writeFile(join(gitFolder, 'config'), `${before}${filled(text)}\n`, { flag: 'a' })
  await mkdir(join(gitFolder, 'info'), { recursive: true })
  await writeFile(join(gitFolder, 'info', 'attributes'), '* filter=x diff=x merge=x\n')
}

/** A deploy repository with one file in it, by a person. */
function bareRepository(ground: Ground): string {
  const url = join(ground.folder, 'remote.git')
  gitIn(ground.folder, 'init', '--quiet', '--bare', '--initial-branch=main', url)
  importInto(url, entry('100644', 'charts/a.yaml', 'a'))
  return url
}

function importInto(url: string, files: string): void {
  execFileSync('git', ['fast-import', '--quiet'], {
    cwd: url,
    input: `commit refs/heads/main\ncommitter Ada <ada@example.com> 1770000000 +0000\ndata 1\nx\n${files}`,
    env: { ...bareEnvironment, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
  })
}

function entry(mode: string, path: string, text: string): string {
  return `M ${mode} inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`
}

const cacheCases = settings.map((text) => ({
  title: `a cache whose configuration says ${JSON.stringify(text)}`,
  run: async (ground: Ground) => {
    const url = bareRepository(ground)
    const options = ground.options(url)
    await (await openDeployRepository(options)).read()
    await poison(ground, join(options.cacheFolder, 'clone.git'), text, url)
    const deploy = await openDeployRepository(options)
    await deploy.read()
    await deploy.publish(request({ 'charts/b.yaml': 'b\n' }))
    // And a server that asks for credentials.
    await (await openDeployRepository({ ...options, url: ground.server.url })).head()
  },
}))

const specCases = settings.map((text) => ({
  title: `a folder of specs whose configuration says ${JSON.stringify(text)}`,
  run: async (ground: Ground) => {
    const root = join(ground.folder, 'specs')
    await mkdir(join(root, 'specs'), { recursive: true })
    await writeFile(join(root, 'specs', 'a.yaml'), 'a: 1\n')
    gitIn(root, 'init', '--quiet', '--initial-branch=main')
    gitIn(root, 'add', '--all')
    gitIn(root, 'commit', '--quiet', '--message', 'Specs')
    await writeFile(join(root, 'specs', 'a.yaml'), 'a: 2\n')
    await poison(ground, join(root, '.git'), text, 'https://host/')
    await specFolder(root, bareEnvironment).read()
  },
}))

const readCases = settings.map((text) => ({
  title: `a remote on this machine that is read, whose configuration says ${JSON.stringify(text)}`,
  run: async (ground: Ground) => {
    const url = bareRepository(ground)
    await poison(ground, url, text, url)
    await (await openInspection(ground.options(url))).read(() => true)
    await (await openDeployRepository(ground.options(url))).read()
  },
}))

/** Trees that lead out of the repository, or are more than can be read. */
const trees: readonly (readonly [string, (ground: Ground) => string])[] = [
  ['a link to a file', ({ secretFile }) => entry('120000', 'specs/a.yaml', secretFile)],
  ['a link to a file in an owned folder', ({ secretFile }) => entry('120000', 'charts/b.yaml', secretFile)],
  ['a link to a folder', ({ secretFile }) => entry('120000', 'specs', dirname(secretFile))],
  ['a submodule', () => 'M 160000 0123456789012345678901234567890123456789 specs/a.yaml\n'],
  [
    '.gitmodules with a command',
    ({ command }) =>
      entry('100644', '.gitmodules', `[submodule "a"]\n\tpath = a\n\turl = ext::${command}\n\tupdate = !${command}\n`) +
      'M 160000 0123456789012345678901234567890123456789 a\n',
  ],
  ['.gitattributes with a filter', () => entry('100644', '.gitattributes', '* filter=x diff=x merge=x\n')],
  ['.lfsconfig with a command', ({ command }) => entry('100644', '.lfsconfig', `[lfs]\n\turl = ext::${command}\n`)],
  ['a file of 64 MiB', () => entry('100644', 'charts/large.yaml', 'x'.repeat(64 * 2 ** 20))],
]

const treeCases = trees.map(([what, streamOf]) => ({
  title: `a repository with ${what}`,
  run: async (ground: Ground) => {
    const url = bareRepository(ground)
    importInto(url, `from refs/heads/main^0\n${streamOf(ground)}`)
    const deploy = await openDeployRepository(ground.options(url))
    const deployed = await deploy.read()
    await deploy.publish(request({ 'charts/c.yaml': 'c\n' }))
    const looked = await (await openInspection(ground.options(url))).read(() => true)
    const specs = await (await openSpecBranch(ground.options(url))).read()
    const read = [...specs.files.map(({ bytes }) => Buffer.from(bytes)), ...looked.files.values()]
    const texts = [...deployed.files.values(), ...read.map((bytes) => bytes.toString('latin1'))]
    if (texts.some((text) => text.includes(secretWords))) throw new Error('a local file was read')
  },
}))

const linkCases: readonly HostileCase[] = ['specs/a.yaml', 'specs/folder', 'specs/deep/er'].map((path) => ({
  title: `a folder of specs with a link at ${path}`,
  run: async (ground: Ground) => {
    const root = join(ground.folder, 'specs')
    await mkdir(dirname(join(root, path)), { recursive: true })
    await symlink(path.endsWith('.yaml') ? ground.secretFile : dirname(ground.secretFile), join(root, path))
    const { files } = await specFolder(root, bareEnvironment).read()
    const read = files.some(({ bytes }) => Buffer.from(bytes).includes(secretWords))
    if (read) throw new Error('a local file was read')
  },
}))

export const repositoryCases: readonly HostileCase[] = [
  ...cacheCases,
  ...specCases,
  ...readCases,
  ...treeCases,
  ...linkCases,
]
