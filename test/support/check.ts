import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { builtProgram } from './main-job/built.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A folder with a spec repository, and the program to run in it. */
export interface SpecFolder {
  readonly path: string
  write(files: Readonly<Record<string, string>>): void
  /** Runs `specyard` in a folder of it. @param input standard input */
  run(words: readonly string[], options?: { readonly in?: string; readonly input?: string }): Promise<Ran>
  remove(): void
}

export function createSpecFolder(name: string): SpecFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), `specyard-${name}-`)))
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, file)), { recursive: true })
      writeFileSync(join(path, file), text)
    }
  }
  write({ 'specyard.yaml': 'apiVersion: specyard.dev/v1\nkind: Settings\n' })
  return {
    path,
    write,
    run: (words, options = {}) =>
      new Promise((resolve, reject) => {
        const [node = '', ...args] = [...builtProgram().words, ...words]
        const environment = { PATH: process.env['PATH'], HOME: path }
        const child = execFile(
          node,
          args,
          { cwd: join(path, options.in ?? '.'), env: environment, maxBuffer: 64 * 1024 * 1024 },
          (error, stdout, stderr) => {
            if (error && typeof error.code !== 'number') reject(error)
            else resolve({ code: Number(error?.code ?? 0), stdout, stderr })
          },
        )
        // A program that has read enough closes its end.
        child.stdin?.on('error', () => undefined)
        child.stdin?.end(options.input ?? '')
      }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}
