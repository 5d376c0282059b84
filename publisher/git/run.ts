import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { access, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { Fault } from '../../domain/fault.ts'
import { withoutCredentials } from './address.ts'

/** The variables that Git may see: PATH, HOME, XDG_CONFIG_HOME, SSH_AUTH_SOCK, proxies and the like. */
export type GitEnvironment = Readonly<Record<string, string | undefined>>

/** Where and with what Git runs. */
export interface GitPlace {
  readonly folder: string
  readonly environment: GitEnvironment
  /**
   * A file that stands for the user's global configuration, which it may include; null for none at all.
   * The system's configuration is never read.
   */
  readonly globalConfiguration: string | null
  /** What no message may show. */
  readonly secrets: readonly string[]
}

export interface GitOutput {
  /** The exit code; 128, as Git itself has it, when a signal ended it. */
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: string
}

/**
 * Settings of every call, over whatever the user's own configuration says. Nothing of a repository runs: no hook, no monitor, no pager,
 * no signing; nothing goes on in the background after the call; and a folder that belongs to somebody else is read all the same.
 * Command-line settings reach no server process, so a deploy repository on this machine keeps its own hooks.
 */
export const fixedSettings: readonly string[] = [
  'safe.directory=*',
  // Git would not use a bare repository that it is started in, which all of ours are.
  'safe.bareRepository=all',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  // In another encoding Git would call by its name what we write, and give us what we read.
  'i18n.commitEncoding=UTF-8',
  'i18n.logOutputEncoding=UTF-8',
  'gc.auto=0',
  'gc.autoDetach=false',
  'maintenance.auto=false',
  'fetch.recurseSubmodules=false',
  'push.recurseSubmodules=no',
  'push.followTags=false',
  'push.gpgSign=false',
  'protocol.version=2',
]

/**
 * Transports by which a repository may be reached; `ext::`, `fd::` and other helpers would run commands.
 * Plain http is for servers inside a cluster or a test bed, where credentials in the URL are nobody's.
 */
const protocols = 'file:https:http:ssh'

/** Variables that would turn Git to another repository, program or configuration; those a person sets for credentials are kept. */
const keptGitVariables = ['GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_ASKPASS', 'GIT_SSL_CAINFO', 'GIT_SSL_CERT', 'GIT_SSL_KEY']
const droppedVariables = ['EDITOR', 'VISUAL', 'PAGER', 'PREFIX', 'LANG', 'LANGUAGE']

const outputBytesMax = 1024 * 1024 * 1024
const localMillisecondsMax = 10 * 60_000

/** What one call has besides. */
export interface GitCall {
  /** Variables that are ours, over those of the environment. */
  readonly variables?: Readonly<Record<string, string>>
  /** Another bound than the usual one. */
  readonly milliseconds?: number
}

/** The whole environment of a Git process. */
export function gitVariables(place: Pick<GitPlace, 'environment' | 'globalConfiguration'>): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const [name, value] of Object.entries(place.environment)) {
    const upper = name.toUpperCase()
    const git = upper.startsWith('GIT_') && !keptGitVariables.includes(name)
    if (value === undefined || git || upper.startsWith('LC_') || droppedVariables.includes(upper)) continue
    variables[name] = value
  }
  return {
    ...variables,
    HOME: variables['HOME'] || '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: place.globalConfiguration ?? '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: protocols,
    GIT_OPTIONAL_LOCKS: '0',
  }
}

/**
 * Runs git with these arguments, and nothing of a shell.
 * @param input what it reads on standard input; nothing without it
 * @throws Fault GIT_MISSING when there is no git, GIT_FAILED when it cannot be started; a non-zero exit is an answer
 */
export async function runGit(
  place: GitPlace,
  args: readonly string[],
  input?: Iterable<Buffer | string>,
  call: GitCall = {},
): Promise<GitOutput> {
  const settings = fixedSettings.flatMap((setting) => ['-c', setting])
  const child = spawn('git', [...settings, ...args], {
    cwd: place.folder,
    env: { ...gitVariables(place), ...call.variables },
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    // A group of its own, which an interrupt on the terminal does not reach: an orderly stop lets it end.
    detached: true,
  })
  // Not the bound that Node has for it: that goes on, and keeps the process, where the child could not be started.
  const timer = setTimeout(() => child.kill('SIGKILL'), call.milliseconds ?? localMillisecondsMax)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  let bytes = 0
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > outputBytesMax) child.kill('SIGKILL')
    else stdout.push(chunk)
  })
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 128))
  })
  try {
    const [code] = await Promise.all([ended, feed(child.stdin, input)])
    return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') }
  } catch (error) {
    throw await notStarted(place, (error as NodeJS.ErrnoException).code)
  } finally {
    clearTimeout(timer)
  }
}

/** Runs git and gives what it printed as text. @throws Fault as `runGit`, and GIT_FAILED for a non-zero exit */
export async function git(
  place: GitPlace,
  args: readonly string[],
  input?: Iterable<Buffer | string>,
): Promise<string> {
  const output = await runGit(place, args, input)
  if (output.code !== 0) throw gitFailed(place, args[0] ?? 'git', output.stderr)
  return output.stdout.toString('utf8')
}

export function gitFailed(place: Pick<GitPlace, 'secrets'>, what: string, stderr: string): Fault {
  return new Fault('GIT_FAILED', `git ${what} failed: ${gitSaid(stderr, place.secrets)}`, { retry: 'later' })
}

/** What Git said that matters: its first line and the first that it marks as an error; one line, without credentials. */
export function gitSaid(stderr: string, secrets: readonly string[]): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const marked = lines.find((line) => /^(fatal|error):|^! \[/.test(line))
  const kept = new Set([lines[0], marked ?? lines.at(-1)].filter((line) => line !== undefined))
  return withoutCredentials([...kept].join('; ') || 'it said nothing', secrets)
}

/**
 * What failed for want of room is DISK_FULL, told by trying to write where Git had to; everything else stays what it is.
 * @param bytes that Git had to write there, as far as is known
 */
export async function orDiskFull(fault: Fault, folders: readonly string[], bytes = 0, probe = hasRoom): Promise<Fault> {
  for (const folder of folders) {
    if (await probe(folder, bytes)) continue
    return new Fault('DISK_FULL', `the disk that holds ${folder} is full`, {
      retry: 'later',
      hint: 'make room; the next try goes on where this one stopped',
    })
  }
  return fault
}

/** False when there is no room for so many bytes, or for a small file; true for every other reason and when there is. */
export async function hasRoom(folder: string, bytes: number): Promise<boolean> {
  const path = join(folder, `.room-${randomUUID()}`)
  try {
    const { bavail, bsize } = await statfs(folder)
    if (bavail * bsize < bytes) return false
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(Buffer.alloc(128 * 1024, 1))
      await file.sync()
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    return !['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
  } finally {
    await rm(path, { force: true }).catch(() => undefined)
  }
}

/** What could not be started: no git on the PATH, or the folder is gone. */
export async function notStarted(place: Pick<GitPlace, 'folder'>, code: string | undefined): Promise<Fault> {
  const folderIsThere = await access(place.folder).then(
    () => true,
    () => false,
  )
  if (code === 'ENOENT' && folderIsThere) {
    return new Fault('GIT_MISSING', 'there is no git on the PATH', {
      retry: 'never',
      hint: 'install Git 2.34 or newer (https://git-scm.com/)',
    })
  }
  const why = folderIsThere ? `(${code ?? 'unknown'})` : `in ${place.folder}, which is not there`
  return new Fault('GIT_FAILED', `git could not be started ${why}`, { retry: 'later' })
}

async function feed(stdin: NodeJS.WritableStream | null, input: Iterable<Buffer | string> | undefined): Promise<void> {
  if (!stdin || !input) return
  // Git may end before it has read all that it was given; its exit code then says why.
  const closed = finished(stdin).catch(() => undefined)
  for (const chunk of input) {
    if (!stdin.writable) break
    if (!stdin.write(chunk)) {
      await Promise.race([new Promise<void>((resolve) => stdin.once('drain', resolve)), closed])
    }
  }
  stdin.end()
  await closed
}
