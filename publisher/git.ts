import { spawn } from 'node:child_process'
import { Fault } from '../domain/fault.ts'

export type GitEnvironment = Readonly<Record<string, string | undefined>>

/** Where and as whom Git runs. */
export interface GitPlace {
  readonly folder: string
  /** What Git may see: PATH, HOME and the like; nothing else of ours. */
  readonly environment: GitEnvironment
}

/** Transports that a repository may be reached by; `ext::` and the like would run commands. `http` is for servers on loopback. */
const allowedProtocols = 'file:https:http:ssh'
const outputBytesMax = 1024 * 1024 * 1024

/** Configuration of every call: no hooks, no prompts, no signing, and clones of another owner are no danger since nothing of them runs. */
const configuration = [
  'safe.directory=*',
  'core.hooksPath=/dev/null',
  'commit.gpgSign=false',
  'gc.auto=0',
  'core.fsmonitor=false',
].flatMap((setting) => ['-c', setting])

export interface GitOutput {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: string
}

/**
 * Runs git with these arguments and nothing of a shell.
 * @throws Fault GIT_MISSING when there is no git; a non-zero exit is an answer
 */
export function runGit(
  place: GitPlace,
  args: readonly string[],
  input?: Iterable<Buffer | string>,
): Promise<GitOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...configuration, ...args], {
      cwd: place.folder,
      env: gitVariables(place.environment),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let bytes = 0
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > outputBytesMax) child.kill('SIGKILL')
      stdout.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    // Git may end before it has read all that it was given; its exit code then says why.
    child.stdin.on('error', () => undefined)
    child.on('error', (cause) => reject(missing(cause)))
    child.on('close', (code) => {
      resolve({ code: code ?? 128, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') })
    })
    void feed(child.stdin, input)
  })
}

/** Runs git and gives what it printed. @throws Fault GIT_FAILED with git's own last word */
export async function git(
  place: GitPlace,
  args: readonly string[],
  input?: Iterable<Buffer | string>,
): Promise<string> {
  const output = await runGit(place, args, input)
  if (output.code !== 0) throw gitFailed(args[0] ?? 'git', output)
  return output.stdout.toString('utf8')
}

export function gitFailed(what: string, output: GitOutput): Fault {
  const words = lastWords(output.stderr)
  if (/No space left on device|ENOSPC/i.test(output.stderr)) {
    return new Fault('DISK_FULL', `git ${what} could not write: the disk is full`, {
      retry: 'later',
      hint: 'free some room and try again',
    })
  }
  return new Fault('GIT_FAILED', `git ${what} failed: ${words}`, { retry: 'later' })
}

/** The last thing that git said, without credentials. */
export function lastWords(stderr: string): string {
  const lines = stderr
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '')
  return withoutCredentials(lines.at(-1) ?? 'it said nothing')
}

/** Removes user and password from every URL of a text. */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1')
}

/** @throws Fault GIT_FAILED for an address that git could take for an option or for a command to run */
export function checkedAddress(url: string): string {
  const isPath = url.startsWith('/') || url.startsWith('./') || url.startsWith('../')
  const isUrl = /^(https?|ssh|file):\/\/[^-\s]\S*$/.test(url)
  const isScp = /^[A-Za-z0-9_.][\w.-]*@[A-Za-z0-9][\w.-]*:[^-\s]\S*$/.test(url)
  if (isPath || isUrl || isScp) return url
  throw new Fault('GIT_FAILED', `"${withoutCredentials(url)}" is not an address of a repository`, {
    retry: 'never',
    hint: 'use a path, or an https://, ssh:// or file:// URL',
  })
}

function gitVariables(environment: GitEnvironment): NodeJS.ProcessEnv {
  return {
    ...environment,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: allowedProtocols,
    GIT_OPTIONAL_LOCKS: '0',
    ...(environment['HOME'] ? {} : { HOME: '/nonexistent' }),
  }
}

async function feed(stdin: NodeJS.WritableStream, input: Iterable<Buffer | string> | undefined): Promise<void> {
  for (const chunk of input ?? []) {
    if (!stdin.writable) break
    if (!stdin.write(chunk)) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          stdin.off('drain', go)
          stdin.off('close', go)
          resolve()
        }
        stdin.on('drain', go)
        stdin.on('close', go)
      })
    }
  }
  stdin.end()
}

function missing(cause: NodeJS.ErrnoException): Fault {
  if (cause.code === 'ENOENT') {
    return new Fault('GIT_MISSING', 'there is no git on the PATH, or the folder it should run in is gone', {
      retry: 'never',
      hint: 'install Git (https://git-scm.com/) and try again',
      cause,
    })
  }
  return new Fault('GIT_FAILED', `git could not be started (${cause.code ?? 'unknown'})`, { retry: 'later', cause })
}
