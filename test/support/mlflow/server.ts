import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../main-job/conditions.ts'

/** A real MLflow tracking server, with its database and artifacts in a temporary folder. */
export interface MlflowServer {
  readonly url: string
  start(): Promise<void>
  /** Ends it and what it started; its folder stays, so that it can be started again. */
  stop(): Promise<void>
  remove(): Promise<void>
}

const readySecondsMax = 90
const stopSecondsMax = 20

/** The Python that has MLflow. */
export function mlflowPython(): string {
  const python = process.env['MLFLOW_PYTHON']
  if (python === undefined || python === '')
    throw new Error('MLFLOW_PYTHON is not set; run: export MLFLOW_PYTHON="$(npx tsx tools/install-python.ts mlflow)"')
  return python
}

/** What its processes may see of ours, and what keeps them small and to themselves. */
export function mlflowEnvironment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    // The test's own trainers must fail rather than wait for a server that is gone.
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
    PYTHONUNBUFFERED: '1',
  }
}

/** The user that may do everything, on a server that asks for users. */
export const administrator = { username: 'warden', password: 'a-password-of-the-warden' } as const

export interface MlflowServerOptions {
  /** Whether it wants a user and password, of whom everybody may read and only the owner of a run may change it; default false. */
  readonly asksForUsers?: boolean
  /** An address of this machine to listen on; default 127.0.0.1. */
  readonly host?: string
  /** Folder that its own is made in; default the temporary folder. */
  readonly parent?: string
  /** Variables of its processes beside the usual ones. */
  readonly environment?: Readonly<Record<string, string>>
}

export async function createMlflowServer(options: MlflowServerOptions = {}): Promise<MlflowServer> {
  const { asksForUsers = false, host = '127.0.0.1', parent = tmpdir() } = options
  const folder = mkdtempSync(join(parent, 'specyard-mlflow-'))
  const port = await freePort(host)
  const url = `http://${host}:${port}`
  let running: ReturnType<typeof launch> | undefined
  const users = asksForUsers ? askForUsers(folder) : { words: [], environment: {} }

  const launch = () => {
    const log = openSync(join(folder, 'server.log'), 'a')
    const store = ['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`]
    const artifacts = ['--artifacts-destination', join(folder, 'artifacts'), '--serve-artifacts']
    const listen = ['--host', host, '--port', String(port), '--workers', '1']
    const env = { ...mlflowEnvironment(), ...users.environment, ...options.environment }
    const spawned = { cwd: folder, env, stdio: ['ignore', log, log] as ['ignore', number, number] }
    // A group of its own: the server starts workers, which must not outlive it.
    return spawn(mlflowPython(), ['-m', 'mlflow', 'server', ...store, ...artifacts, ...listen, ...users.words], {
      ...spawned,
      detached: true,
    })
  }

  const stop = async (): Promise<void> => {
    const child = running
    running = undefined
    if (child?.pid === undefined) return
    const group = -child.pid
    const ended = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit')
    signal(group, 'SIGTERM')
    await Promise.race([ended, pause(stopSecondsMax * 1000, undefined, { ref: false })])
    signal(group, 'SIGKILL')
    await ended
    await until('its processes are gone', () => !isAlive(group), stopSecondsMax)
  }

  return {
    url,
    start: async () => {
      const child = launch()
      running = child
      await until(
        `MLflow answers at ${url}`,
        async () => {
          if (child.exitCode !== null)
            throw new Error(`MLflow does not start:\n${readFileSync(join(folder, 'server.log'), 'utf8')}`)
          const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
          return answer?.ok
        },
        readySecondsMax,
      )
    },
    stop,
    remove: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function askForUsers(folder: string): { words: readonly string[]; environment: Readonly<Record<string, string>> } {
  const settings = join(folder, 'users.ini')
  const lines = [
    '[mlflow]',
    'default_permission = READ',
    `database_uri = sqlite:///${join(folder, 'users.db')}`,
    `admin_username = ${administrator.username}`,
    `admin_password = ${administrator.password}`,
    'authorization_function = mlflow.server.auth:authenticate_request_basic_auth',
  ]
  writeFileSync(settings, lines.join('\n'), { mode: 0o600 })
  const environment = { MLFLOW_AUTH_CONFIG_PATH: settings, MLFLOW_FLASK_SERVER_SECRET_KEY: 'a key of this test' }
  return { words: ['--app-name', 'basic-auth'], environment }
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(group, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function isAlive(group: number): boolean {
  try {
    process.kill(group, 0)
    return true
  } catch {
    return false
  }
}

/** A port of an address of this machine that nobody listens on now. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error(`no free port on ${host}`)
  return address.port
}
