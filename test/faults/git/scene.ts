import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { initBareRepository } from '../../../publisher/deploy.ts'
import { bundle } from '../../../tools/bundle.ts'
import { bareEnvironment, fsck, gitIn, writeHook } from '../../support/publisher.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** A folder with a bare deploy repository in it, which remembers every head that its branch had. */
export interface Scene {
  readonly folder: string
  readonly url: string
  /** A program of this folder, as one file that starts at once. */
  program(name: string): string
  close(): Promise<void>
}

export async function openScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'specyard-faults-git-'))
  const url = join(folder, 'deploy.git')
  await initBareRepository(url, 'main', bareEnvironment)
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  gitIn(url, 'config', 'core.logAllRefUpdates', 'always')
  return {
    folder,
    url,
    program: (name) => {
      buildSync({
        ...bundle,
        entryPoints: { [name]: `test/faults/git/${name}.ts` },
        absWorkingDir: root,
        outdir: join(folder, 'programs'),
        logLevel: 'warning',
      })
      return join(folder, 'programs', `${name}.js`)
    },
    close: () => rm(folder, { recursive: true, force: true, maxRetries: 10 }),
  }
}

/** The words with which servers refuse a push that came too late. */
export const wordings = [
  'non-fast-forward',
  'fetch first',
  'incorrect old value provided',
  'cannot lock ref',
  'stale info',
]

/**
 * Lets a repository refuse three of ten pushes, in one of five wordings. What is refused is told by the commit's id, and that is chance: each commit
 * carries a request of its own.
 */
export async function refuseAtRandom(url: string): Promise<void> {
  const words = wordings.map(
    (text, index) => `${['[0-2]', '[3-5]', '[6-8]', '[9a-b]', '[c-f]'][index]}) echo '${text}' >&2 ;;`,
  )
  await writeHook(
    url,
    'update',
    `#!/bin/sh
echo pushed >> pushes
case $3 in [0-3]*|4[0-9a-c]*) ;; *) exit 0 ;; esac
echo refused >> refusals
rest=\${3#??????}
case \${rest%\${rest#?}} in ${words.join(' ')} esac
exit 1
`,
  )
}

/** A program of ours that runs: what it printed, line by line. */
export function startProgram(path: string, words: readonly string[], environment: NodeJS.ProcessEnv = bareEnvironment) {
  const child = spawn(process.execPath, [path, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...environment },
  })
  let [output, errors] = ['', '']
  const listeners = new Set<() => void>()
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
    for (const listener of listeners) listener()
  })
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')))
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      resolve(code)
      for (const listener of listeners) listener()
    })
  })
  const lines = (): readonly string[] => output.split('\n').slice(0, -1)
  return {
    ended,
    lines,
    errors: () => errors,
    /** Resolves when it has printed so many lines, or has ended. */
    printed: (count: number): Promise<unknown> => {
      const enough = new Promise<void>((resolve) => {
        const look = (): void => {
          if (lines().length >= count) resolve()
        }
        listeners.add(look)
        look()
      })
      return Promise.race([enough, ended])
    },
    /** Kills it; with every program that it started, where that is wanted and they did not leave its group. */
    kill: (group: boolean): void => {
      try {
        if (child.pid !== undefined) process.kill(group ? -child.pid : child.pid, 'SIGKILL')
      } catch {
        // It ended by itself a moment ago.
      }
    },
  }
}

/** The commits of the branch, oldest first; none before the first. */
export function commitsOf(url: string): readonly string[] {
  if (gitIn(url, 'for-each-ref', 'refs/heads/main') === '') return []
  return gitIn(url, 'rev-list', '--reverse', 'main').split('\n')
}

/** Heads that the branch had and that did not stay in its history: each is a push that was forced. */
export function forcedPushes(url: string): readonly string[] {
  const places = new Map(commitsOf(url).map((commit, index) => [commit, index]))
  const heads = gitIn(url, 'reflog', 'show', '--format=%H', 'refs/heads/main').split('\n').reverse()
  return heads.filter((head, index) => {
    const place = places.get(head)
    const before = places.get(heads[index - 1] ?? '') ?? -1
    return place === undefined || place <= before
  })
}

/** What `git fsck` has to say; empty for a sound repository. */
export function damageOf(url: string): string {
  try {
    fsck(url)
    return ''
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error)
  }
}

/** All files of a commit in one call: a process for each would take minutes. */
export function allFiles(url: string, revision = 'main'): ReadonlyMap<string, string> {
  const listed = gitIn(url, 'ls-tree', '-r', '-z', revision).split('\0').filter(Boolean)
  const entries = listed.map((line) => ({
    path: line.slice(line.indexOf('\t') + 1),
    object: line.split(/[ \t]/)[2] ?? '',
  }))
  const output = execFileSync('git', ['cat-file', '--batch'], {
    cwd: url,
    input: entries.map(({ object }) => `${object}\n`).join(''),
    env: { ...bareEnvironment, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    maxBuffer: 2 ** 30,
  })
  const files = new Map<string, string>()
  let offset = 0
  for (const { path } of entries) {
    const end = output.indexOf(0x0a, offset)
    const size = Number(output.subarray(offset, end).toString('latin1').split(' ')[2])
    files.set(path, output.subarray(end + 1, end + 1 + size).toString('utf8'))
    offset = end + 1 + size + 1
  }
  return files
}

/** What the files of writers say, and whether each of them has a number of its own, from 1 to the last that was counted. */
export function writtenIn(url: string): { readonly texts: ReadonlySet<string>; readonly counted: string } {
  const files = allFiles(url)
  const count = Number(files.get('environments/dev/shared/count.txt') ?? 0)
  const texts = [...files].filter(([path]) => path.endsWith('.yaml')).map(([, text]) => text.trim())
  const numbers = new Set(texts.map((text) => Number(text.split(' ')[0])))
  const whole = texts.length === count && numbers.size === count && Math.max(0, ...numbers) === count
  return {
    texts: new Set(texts),
    counted: whole ? '' : `${count} counted, ${texts.length} files, ${numbers.size} numbers`,
  }
}
