import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createApi } from '../../api/server.ts'
import { Fault } from '../../domain/fault.ts'
import { apiPorts } from './api-ports.ts'
import { packageVersion } from './assets.ts'
import { open } from './open.ts'
import type { World } from '../world.ts'
import type { Settings } from './settings.ts'
import { holdStateFolder } from './state-folder.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/**
 * Asks the API: of the process that runs here, or, where none does, the same API over the database opened for this one question.
 */
export type Ask = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<Answer>

/** Asks the API of the process that runs over this state folder; undefined where none does. */
export async function askRunning(settings: Settings): Promise<Ask | undefined> {
  const url = await runningUrl(settings)
  return url === undefined ? undefined : (method, path, body) => askOver(url, method, path, body)
}

export async function withApi<Result>(
  settings: Settings,
  world: World,
  use: (ask: Ask, watched: boolean) => Promise<Result>,
): Promise<Result> {
  const running = await askRunning(settings)
  if (running) return use(running, true)
  const lock = await holdStateFolder(settings, 'specyard')
  try {
    const opened = await open(settings, world.environment, world.now)
    try {
      const log = (): void => undefined
      const app = await createApi(
        apiPorts({
          opened,
          clusterOf: () => undefined,
          reconciler: undefined,
          version: packageVersion(),
          hosts: ['localhost'],
          now: world.now,
          log,
        }),
      )
      const ask: Ask = async (method, path, body) => {
        const answer = await app.inject({
          method,
          url: path,
          headers: { host: 'localhost' },
          ...(body === undefined ? {} : { payload: body as object }),
        })
        return { status: answer.statusCode, body: parse(answer.body) }
      }
      // A database of its own may be written by a reconciler elsewhere; the embedded one is written by nobody but the holder of the lock.
      const result = await use(ask, settings.databaseUrl !== undefined)
      await app.close()
      return result
    } finally {
      await opened.close()
    }
  } finally {
    await lock.release()
  }
}

/** The answer's body, or what it says went wrong as a fault. */
export function expectOk(answer: Answer): unknown {
  if (answer.status < 400) return answer.body
  const error = (answer.body as { error?: { code?: string; message?: string; hint?: string } } | undefined)?.error
  throw new Fault(
    answer.status === 404 ? 'RUN_NOT_FOUND' : 'API_UNREACHABLE',
    error?.message ?? `the API answered ${answer.status}`,
    {
      retry: 'never',
      ...(error?.hint ? { hint: error.hint } : {}),
    },
  )
}

async function runningUrl(settings: Settings): Promise<string | undefined> {
  try {
    const holder = JSON.parse(await readFile(join(settings.stateFolder, 'lock'), 'utf8')) as { url?: string | null }
    if (!holder.url) return undefined
    const answer = await fetch(`${holder.url}/healthz`, { signal: AbortSignal.timeout(2000) })
    return answer.ok ? holder.url : undefined
  } catch {
    return undefined
  }
}

async function askOver(url: string, method: string, path: string, body: unknown): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: parse(await answer.text()) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
