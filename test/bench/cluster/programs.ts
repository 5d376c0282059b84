import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/*
 * Programs of the benches in processes of their own, built: a compiler in memory would count too.
 */

export interface Programs {
  /** Starts one of them by the name of its file. */
  start(name: string, words: readonly string[]): Started
  /** Where a built program is, for whoever starts it in another way. */
  path(name: string): string
  remove(): void
}

export interface Started {
  readonly child: ChildProcess
  /** Resolves when it has said this line. @throws Error when it ends without */
  said(line: string): Promise<void>
  /** Closes its input and waits for its end. @returns what it has written. @throws Error when it fails */
  finish(): Promise<string>
}

const root = join(import.meta.dirname, '..', '..', '..')

/** @param files of this folder's neighbourhood, absolute */
export async function buildPrograms(files: readonly string[]): Promise<Programs> {
  // Beside the modules that the programs import.
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const built = mkdtempSync(join(cache, 'bench-'))
  await build({
    entryPoints: [...files],
    outdir: built,
    outExtension: { '.js': '.mjs' },
    entryNames: '[name]',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  })
  return {
    path: (name) => join(built, `${name}.mjs`),
    start: (name, words) => watched(name, spawn(process.execPath, [join(built, `${name}.mjs`), ...words])),
    remove: () => rmSync(built, { recursive: true, force: true }),
  }
}

export function watched(name: string, child: ChildProcess): Started {
  const written: string[] = []
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-10_000)
  })
  child.stdout?.setEncoding('utf8').on('data', (text: string) => written.push(text))
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const failure = (code: number | null): Error => new Error(`${name} ended with ${code}: ${errors}`)
  return {
    child,
    said: (line) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (written.join('').split('\n').includes(line)) resolve()
        }
        child.stdout?.on('data', look)
        void ended.then((code) => reject(failure(code)), reject)
        look()
      }),
    finish: async () => {
      child.stdin?.end()
      const code = await ended
      if (code !== 0) throw failure(code)
      return written.join('')
    },
  }
}
