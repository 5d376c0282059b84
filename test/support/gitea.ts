import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createServerDatabase } from './database.ts'
import { until } from './main-job/conditions.ts'
import { freePort } from './mlflow/server.ts'

/** A real Gitea, with its repositories in a temporary folder and a database of its own on the server of DATABASE_URL. */
export interface Gitea {
  readonly url: string
  /** Address of its API. */
  readonly api: string
  /** Name of the account that owns what is made here. */
  readonly owner: string
  /** May do everything. */
  readonly token: string
  /** A token of an account, which is made where it is not there yet. */
  tokenOf(account: string, scopes: string): string
  /** The address of a repository with the right to push to it. */
  pushUrl(repository: string): string
  /** Waits until it has noticed the first push to a repository: before, it knows no pull requests there. */
  untilFilled(repository: string): Promise<void>
  /** Asks its API as the owner, or by another token. @throws Error for an answer that is none of success */
  ask<Answer>(method: string, path: string, body?: object, token?: string): Promise<Answer>
  /** Merges a pull request of the owner's, as a person does: the owner, or whose token it is. */
  merge(repository: string, number: number, how?: 'merge' | 'squash' | 'rebase', token?: string): Promise<void>
  remove(): Promise<void>
}

const readySecondsMax = 60
const stopSecondsMax = 20
const owner = 'bot'

export async function startGitea(): Promise<Gitea> {
  const program = giteaProgram()
  const database = await createServerDatabase()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'specyard-gitea-')))
  const port = await freePort('127.0.0.1')
  const url = `http://127.0.0.1:${port}`
  const settings = join(folder, 'app.ini')
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, GIT_CONFIG_NOSYSTEM: '1', GITEA_WORK_DIR: folder }
  const gitea = (...words: readonly string[]): string =>
    execFileSync(program, ['--config', settings, ...words], { encoding: 'utf8', env, cwd: folder, stdio: 'pipe' })
  for (const inner of ['data', 'repositories', 'custom']) mkdirSync(join(folder, inner))
  writeFileSync(settings, settingsText({ program, folder, port, database: new URL(database.url) }))
  gitea('migrate')
  const addAccount = (name: string, ...flags: readonly string[]): void => {
    const password = randomBytes(12).toString('hex')
    const words = ['--username', name, '--password', password, '--email', `${name}@example.com`, ...flags]
    gitea('admin', 'user', 'create', ...words, '--must-change-password=false')
  }
  const known = new Set([owner])
  addAccount(owner, '--admin')
  const tokenOf = (account: string, scopes: string): string => {
    if (!known.has(account)) addAccount(account)
    known.add(account)
    const name = randomBytes(6).toString('hex')
    const words = ['--username', account, '--token-name', name, '--scopes', scopes, '--raw']
    // As root it warns before it answers.
    return /^[0-9a-f]{40}$/m.exec(gitea('admin', 'user', 'generate-access-token', ...words))?.[0] ?? ''
  }
  const token = tokenOf(owner, 'all')
  const log = join(folder, 'gitea.log')
  const child = spawn(program, ['--config', settings, 'web'], {
    ...{ env, cwd: folder, stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] },
  })
  const remove = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await Promise.race([ended, pause(stopSecondsMax * 1000, undefined, { ref: false })])
      child.kill('SIGKILL')
      await ended
    }
    await database.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
  try {
    await until(
      `Gitea answers at ${url}`,
      async () => {
        if (child.exitCode !== null) throw new Error(`Gitea does not start:\n${readFileSync(log, 'utf8')}`)
        return (await fetch(`${url}/api/healthz`).catch(() => undefined))?.ok
      },
      readySecondsMax,
    )
  } catch (error) {
    await remove()
    throw error
  }
  const ask: Gitea['ask'] = async <Answer>(method: string, path: string, body?: object, by: string = token) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `token ${by}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answers ${answer.status}: ${text}`)
    return (text === '' ? {} : JSON.parse(text)) as Answer
  }
  return {
    ...{ url, api: `${url}/api/v1`, owner, token, tokenOf, remove, ask },
    pushUrl: (repository) => `http://${owner}:${token}@127.0.0.1:${port}/${owner}/${repository}.git`,
    untilFilled: async (repository) => {
      const filled = async () => !(await ask<{ empty: boolean }>('GET', `/repos/${owner}/${repository}`)).empty
      await until(`Gitea has noticed what was pushed to ${repository}`, filled, readySecondsMax)
    },
    merge: (repository, number, how = 'merge', by = token) => {
      const path = `/repos/${owner}/${repository}/pulls/${number}/merge`
      // It refuses until it has found out whether it can be merged.
      return until(`pull request ${number} is merged`, () =>
        ask('POST', path, { Do: how }, by).then(
          () => true,
          (error: unknown) => {
            if (String(error).includes('answers 405')) return false
            throw error
          },
        ),
      ).then(() => undefined)
    },
  }
}

/** The program, with the folders that it reads beside it. */
function giteaProgram(): string {
  const program = process.env['GITEA']
  if (program === undefined || program === '' || !existsSync(program))
    throw new Error('there is no Gitea: build one with GITEA="$(npx tsx tools/install-go.ts gitea)"')
  return program
}

function settingsText(of: { program: string; folder: string; port: number; database: URL }): string {
  const { program, folder, port, database } = of
  const secret = (): string => randomBytes(32).toString('hex')
  return `RUN_MODE = prod
RUN_USER = ${userInfo().username}
WORK_PATH = ${folder}
${process.getuid?.() === 0 ? 'I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true' : ''}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = http://127.0.0.1:${port}/
DISABLE_SSH = true
OFFLINE_MODE = true
STATIC_ROOT_PATH = ${join(dirname(program), 'share')}
APP_DATA_PATH = ${join(folder, 'data')}
[database]
DB_TYPE = postgres
HOST = ${database.host}
NAME = ${database.pathname.slice(1)}
USER = ${database.username}
PASSWD = ${database.password}
SSL_MODE = disable
[security]
INSTALL_LOCK = true
SECRET_KEY = ${secret()}
INTERNAL_TOKEN = ${secret()}
[api]
MAX_RESPONSE_ITEMS = 5
DEFAULT_PAGING_NUM = 5
[oauth2]
ENABLED = false
JWT_SECRET = ${randomBytes(32).toString('base64url')}
[repository]
ROOT = ${join(folder, 'repositories')}
DEFAULT_BRANCH = main
[service]
DISABLE_REGISTRATION = true
[cron]
ENABLED = false
[actions]
ENABLED = false
[indexer]
ISSUE_INDEXER_TYPE = db
[session]
PROVIDER = memory
[log]
LEVEL = Warn
`
}
