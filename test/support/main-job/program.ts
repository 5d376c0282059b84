import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const root = join(import.meta.dirname, '..', '..', '..')

/** The product, built from the sources as they are now: what people run, and quicker to start than the sources. */
export interface Program {
  /** `node` and the program. */
  readonly words: readonly string[]
  remove(): void
}

/** Builds as `tools/build.ts` does, into a package of its own, so that nobody else's build comes between. @param parent folder that it is made in */
export function buildProgram(parent = tmpdir()): Program {
  const folder = realpathSync(mkdtempSync(join(parent, 'specyard-program-')))
  const parts = [
    'package.json',
    'node_modules',
    'charts',
    'schemas',
    'docs',
    'compiler',
    'templates',
    'policies',
    'examples',
  ]
  for (const part of parts) {
    symlinkSync(join(root, part), join(folder, part))
  }
  execFileSync(process.execPath, ['--import', 'tsx', join(root, 'tools', 'build-to.ts'), join(folder, 'dist')], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return {
    words: [process.execPath, join(folder, 'dist', 'specyard.js')],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  /** What it has said so far, both streams. */
  said(): string
  hasEnded(): boolean
  readonly ended: Promise<Ended>
  kill(signal: NodeJS.Signals): void
}

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** Words before `node`, such as a program that lowers limits. */
  readonly before?: readonly string[]
}

/** Starts one command in a spec repository, with no variable of this process but PATH. */
export function startProgram(
  program: Pick<Program, 'words'>,
  folder: string,
  args: readonly string[],
  { environment = {}, before = [] }: StartOptions = {},
): Running {
  const [command = '', ...words] = [...before, ...program.words, '--directory', folder, ...args]
  const child = spawn(command, words, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder, ...environment },
  })
  return watchChild(child)
}

function watchChild(child: ChildProcess): Running {
  let stdout = ''
  let stderr = ''
  let over = false
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      over = true
      resolve({ code, stdout, stderr })
    })
  })
  return {
    pid: child.pid ?? 0,
    said: () => stdout + stderr,
    hasEnded: () => over,
    ended,
    kill: (signal) => void child.kill(signal),
  }
}

/** Waits until a program has said something. @throws when it has ended without, or does not say it in three minutes */
export async function untilSaid(running: Running, pattern: RegExp): Promise<void> {
  for (const latest = performance.now() + 180_000; !pattern.test(running.said()); await pause(20)) {
    if (running.hasEnded() || performance.now() > latest) throw new Error(`${pattern} in vain in:\n${running.said()}`)
  }
}

/** Waits for the end. @throws with what it said when that does not come in time */
export async function endOf(running: Running, seconds: number): Promise<Ended> {
  const late = pause(seconds * 1000, undefined, { ref: false })
  const ended = await Promise.race([running.ended, late])
  if (ended) return ended
  running.kill('SIGKILL')
  throw new Error(`it has not ended in ${seconds} s:\n${running.said()}`)
}
