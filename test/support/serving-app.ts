import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { commitAll } from './snapshot.ts'

const root = join(import.meta.dirname, '..', '..')

/** A Python of a virtual environment, by the variable that names it. */
function pythonOf(variable: string, tool: string): string {
  const python = process.env[variable]
  if (python === undefined || python === '')
    throw new Error(`${variable} is not set; run: export ${variable}="$(npx tsx tools/install-python.ts ${tool})"`)
  return python
}

/** The Python that has what an app needs. */
export const appPython = (): string => pythonOf('SERVING_APP_PYTHON', 'serving-app')

export interface Copied {
  readonly status: number | null
  readonly output: string
}

/** Runs Copier's command as people do, with no variable of this process but PATH. */
export function copier(folder: string, words: readonly string[]): Copied {
  const python = pythonOf('COPIER_PYTHON', 'copier')
  const environment = { PATH: process.env['PATH'], HOME: folder, ...commits }
  const ended = spawnSync(python, ['-m', 'copier', ...words], { cwd: folder, encoding: 'utf8', env: environment })
  return { status: ended.status, output: `${ended.stdout}${ended.stderr}` }
}

/** Who commits: Copier does so in folders of its own when it compares what an app was made from with what there is now. */
const commits = {
  GIT_AUTHOR_NAME: 'A person',
  GIT_AUTHOR_EMAIL: 'person@example.com',
  GIT_COMMITTER_NAME: 'A person',
  GIT_COMMITTER_EMAIL: 'person@example.com',
  GIT_CONFIG_NOSYSTEM: '1',
}

/** Makes an app from the folder of the template. @throws with what Copier said */
export function makeApp(folder: string, name: string, answers: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries({ app_name: name, ...answers }).flatMap(([key, value]) => ['--data', `${key}=${value}`])
  const template = join(root, 'templates', 'serving-app')
  const { status, output } = copier(folder, ['copy', '--defaults', '--quiet', ...given, template, join(folder, name)])
  if (status !== 0) throw new Error(`Copier ended with ${status}:\n${output}`)
  return join(folder, name)
}

/** Gives an app the virtual environment that its README makes, without asking the network. */
export function giveEnvironment(app: string): void {
  symlinkSync(dirname(dirname(appPython())), join(app, '.venv'))
}

/** A repository of the template in Git, as ours is: the settings at the root and the folder below it. */
export function templateRepository(folder: string): { readonly path: string; release(tag: string): void } {
  const path = join(folder, 'template')
  mkdirSync(join(path, 'templates'), { recursive: true })
  cpSync(join(root, 'copier.yaml'), join(path, 'copier.yaml'))
  cpSync(join(root, 'templates', 'serving-app'), join(path, 'templates', 'serving-app'), { recursive: true })
  return {
    path,
    release: (tag) => {
      commitAll(path, tag)
      execFileSync('git', ['-C', path, 'tag', tag])
    },
  }
}
