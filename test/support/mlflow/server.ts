import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../main-job/conditions.ts'

/** A real MLflow tracking server on loopback, with its database and artifacts in a temporary folder. */
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
    throw new Error('MLFLOW_PYTHON is not set; run: export MLFLOW_PYTHON="$(npx tsx tools/install-mlflow.ts)"')
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

export async function createMlflowServer(): Promise<MlflowServer> {
  const folder = mkdtempSync(join(tmpdir(), 'specyard-mlflow-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  let running: ReturnType<typeof launch> | undefined

  const launch = () => {
    const log = openSync(join(folder, 'server.log'), 'a')
    const store = ['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`]
    const artifacts = ['--artifacts-destination', join(folder, 'artifacts'), '--serve-artifacts']
    const listen = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1']
    const options = { cwd: folder, env: mlflowEnvironment(), stdio: ['ignore', log, log] as ['ignore', number, number] }
    // A group of its own: the server starts workers, which must not outlive it.
    return spawn(mlflowPython(), ['-m', 'mlflow', 'server', ...store, ...artifacts, ...listen], {
      ...options,
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1')
  return address.port
}
