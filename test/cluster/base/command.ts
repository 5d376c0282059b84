import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Options {
  readonly folder?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly input?: string
}

/**
 * Runs a program to its end.
 * @returns standard output
 * @throws Error with the command, its exit code and what it wrote to standard error
 */
export function run(command: string, words: readonly string[], options: Options = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      words,
      { cwd: options.folder, env: { ...process.env, ...options.environment }, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout)
        const said = stderr.trim() || stdout.trim() || error.message
        reject(
          new Error(`${command} ${words.join(' ')} failed (${error.code ?? error.signal}): ${said}`, { cause: error }),
        )
      },
    )
    if (options.input !== undefined) child.stdin?.end(options.input)
  })
}

/** @returns the absolute path, or undefined; the administrator's folders are looked at too, since an ordinary PATH may lack them */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
