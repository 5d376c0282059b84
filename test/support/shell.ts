import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtProgram } from './main-job/built.ts'

const root = join(import.meta.dirname, '..', '..')

/** Puts a program `specyard`, built from these sources, into a folder, and gives the variables of a shell that finds it. */
export function shellVariables(folder: string): Readonly<Record<string, string>> {
  mkdirSync(folder, { recursive: true })
  const program = join(folder, 'specyard')
  writeFileSync(
    program,
    `#!/bin/sh\nexec ${builtProgram()
      .words.map((word) => `'${word}'`)
      .join(' ')} "$@"\n`,
  )
  chmodSync(program, 0o755)
  return {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    TERM: 'xterm',
    LC_ALL: 'C.UTF-8',
    PS1: 'ready> ',
  }
}

/** Runs a script in a shell, in the root of this repository, and gives what it prints. */
export function runShell(
  shell: string,
  options: readonly string[],
  script: string,
  variables: Readonly<Record<string, string>>,
): string {
  return execFileSync(shell, [...options, '-c', script], {
    cwd: root,
    env: variables,
    encoding: 'utf8',
    timeout: 60_000,
  })
}

const patienceMilliseconds = 60_000

/**
 * Types into a shell on a terminal of its own, as a person does: each text after what is waited for has appeared.
 * @param steps what to type, and what must then appear
 * @returns all that the terminal showed
 * @throws Error with what it showed, where something does not appear
 */
export async function typeInto(
  shell: string,
  steps: readonly (readonly [typed: string, appears: RegExp])[],
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn('script', ['-qec', shell, '/dev/null'], {
    cwd: root,
    env: variables,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  let seen = 0
  let look = (): void => undefined
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('utf8')
    look()
  })
  try {
    for (const [typed, appears] of steps) {
      child.stdin.write(typed)
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${String(appears)} did not appear: ${JSON.stringify(shown)}`)),
          patienceMilliseconds,
        )
        look = () => {
          const found = appears.exec(shown.slice(seen))
          if (!found) return
          seen += found.index + found[0].length
          clearTimeout(timer)
          resolve()
        }
        look()
      })
    }
  } finally {
    child.kill('SIGKILL')
  }
  return shown
}
