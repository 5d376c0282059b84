import { execFileSync, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { PublishedChange } from '../../domain/publication.ts'
import {
  type DeployOptions,
  type DeployRepository,
  initBareRepository,
  openDeployRepository,
} from '../../publisher/deploy.ts'
import { bareEnvironment, deployOptions, us } from './deploy-options.ts'
import { builtScript } from './main-job/script.ts'

export { bareEnvironment, deployOptions, us }

/** A folder that goes away with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'specyard-git-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  return folder
}

/** Runs git as a person at a terminal would, and gives what it prints. */
export function gitIn(folder: string, ...args: readonly string[]): string {
  return gitWith({}, folder, args)
}

/** The same on a clock that stands still, whole seconds. */
export function gitAt(at: Date): typeof gitIn {
  const date = `@${Math.floor(at.getTime() / 1000)} +0000`
  return (folder, ...args) => gitWith({ GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }, folder, args)
}

function gitWith(environment: Readonly<Record<string, string>>, folder: string, args: readonly string[]): string {
  const person = [
    '-c',
    'user.name=Ada',
    '-c',
    'user.email=ada@example.com',
    '-c',
    'commit.gpgSign=false',
    '-c',
    'protocol.file.allow=always',
  ]
  return execFileSync('git', [...person, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...bareEnvironment,
      ...environment,
      HOME: folder,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      LC_ALL: 'C',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}

/** Writes files of a folder; null removes one. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string | null>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    if (text === null) await rm(join(folder, path))
    else {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
  }
}

/** A repository with a work tree and one commit of these files. */
export async function workRepository(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(folder, { recursive: true })
  gitIn(folder, 'init', '--quiet', '--initial-branch=main')
  await commitFiles(folder, files)
  return folder
}

/** Commits files of a work tree as somebody who is not us; returns the commit. */
export async function commitFiles(folder: string, files: Readonly<Record<string, string | null>>): Promise<string> {
  await writeFiles(folder, files)
  gitIn(folder, 'add', '--all')
  gitIn(folder, 'commit', '--quiet', '--message', 'By hand')
  return gitIn(folder, 'rev-parse', 'HEAD')
}

export interface TestDeploy {
  readonly folder: string
  /** The bare repository. */
  readonly url: string
  readonly deploy: DeployRepository
  /** Another process's view of the same repository, with a cache of its own. */
  another(options?: Partial<DeployOptions>): Promise<DeployRepository>
  /** A person's clone of it, brought up to date. */
  clone(): string
  /** Commits files in the clone and pushes them. */
  byHand(files: Readonly<Record<string, string | null>>): Promise<string>
}

/** An empty deploy repository and its publisher. */
export async function testDeploy(options: Partial<DeployOptions> = {}): Promise<TestDeploy> {
  const folder = await temporaryFolder()
  const url = join(folder, 'deploy.git')
  await initBareRepository(url, 'main', bareEnvironment)
  let caches = 0
  const another = (more: Partial<DeployOptions> = {}): Promise<DeployRepository> => {
    caches += 1
    return openDeployRepository({ ...deployOptions(url, join(folder, `cache-${caches}`)), ...options, ...more })
  }
  const clone = (): string => {
    const path = join(folder, 'clone')
    try {
      gitIn(path, 'pull', '--quiet', '--ff-only', 'origin', 'main')
    } catch {
      gitIn(folder, 'clone', '--quiet', '--branch=main', url, path)
    }
    return path
  }
  const byHand = async (files: Readonly<Record<string, string | null>>): Promise<string> => {
    const commit = await commitFiles(clone(), files)
    gitIn(join(folder, 'clone'), 'push', '--quiet', 'origin', 'HEAD:main')
    return commit
  }
  return { folder, url, deploy: await another(), another, clone, byHand }
}

export function change(
  files: Readonly<Record<string, string | null>>,
  more: Partial<PublishedChange> = {},
): PublishedChange {
  return {
    files: new Map(Object.entries(files)),
    subject: 'Publish specs',
    body: '',
    action: 'publication',
    subjects: [],
    ...more,
  }
}

/** A request that always asks for the same change. */
export function request(files: Readonly<Record<string, string | null>>, more: Partial<PublishedChange> = {}) {
  return { change: () => change(files, more), source: null }
}

/** A server-side hook of a bare repository. */
export async function writeHook(repository: string, name: string, script: string): Promise<void> {
  await mkdir(join(repository, 'hooks'), { recursive: true })
  await writeFile(join(repository, 'hooks', name), script)
  await chmod(join(repository, 'hooks', name), 0o755)
}

/** All files at the head of a branch, as Git itself reads them. */
export function filesOf(repository: string, branch = 'main'): Record<string, string> {
  const paths = gitIn(repository, 'ls-tree', '-r', '-z', '--name-only', branch)
    .split('\0')
    .filter((path) => path !== '')
  return Object.fromEntries(paths.map((path) => [path, gitIn(repository, 'show', `${branch}:${path}`)]))
}

export function commitCount(repository: string, branch = 'main'): number {
  return Number(gitIn(repository, 'rev-list', '--count', branch))
}

/** Fails where `git fsck` finds damage. */
export function fsck(repository: string): string {
  return gitIn(repository, 'fsck', '--full', '--strict', '--no-dangling')
}

/** Starts a TypeScript file as a process of its own; `group` makes it the leader of a process group that can be killed whole. */
export function startScript(path: string, args: readonly string[], group = false) {
  const child = spawn(process.execPath, [builtScript(path), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: group,
    env: { PATH: process.env['PATH'] },
  })
  let output = ''
  const waiting: (() => void)[] = []
  const wake = (): void => {
    for (const go of waiting.splice(0)) go()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
    wake()
  })
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      resolve(code)
      wake()
    })
  })
  return {
    child,
    ended,
    output: () => output,
    /** Resolves when it has printed so many lines, or has ended. */
    lines: async (count: number): Promise<void> => {
      while (output.split('\n').length <= count && child.exitCode === null && child.signalCode === null) {
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
  }
}
