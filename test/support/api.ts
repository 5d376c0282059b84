import type { FastifyInstance } from 'fastify'
import type { ApiPorts } from '../../api/ports.ts'
import { createApi } from '../../api/server.ts'
import { createTokens, type Tokens } from '../../api/tokens.ts'
import { memoryLiveState } from '../../local/live.ts'
import type { LiveState } from '../../records/live.ts'
import type { Records } from '../../records/records.ts'
import { sampleDate } from './records.ts'

export const testHost = '127.0.0.1:8600'
export const signingKey = new TextEncoder().encode('a key of thirty-two bytes or more')

/** The API over real records, with its clock in the test's hand. */
export interface TestApi {
  readonly app: FastifyInstance
  /** What the app asks of the rest of the house. */
  readonly ports: ApiPorts
  readonly tokens: Tokens
  readonly live: LiveState
  /** Runs that the reconciler was told of. */
  readonly changed: string[]
  readonly logged: string[]
  advance(seconds: number): void
  ask(method: 'GET' | 'POST' | 'PATCH', url: string, more?: Asked): Promise<Answer>
}

/** A parsed answer that tests look into as far as they like. */
export type Loose = ReturnType<typeof JSON.parse>

export interface Asked {
  readonly body?: unknown
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly json: Loose
  readonly text: string
}

export async function openTestApi(records: Records, others: Partial<ApiPorts> = {}): Promise<TestApi> {
  let seconds = 0
  const now = (): Date => new Date(sampleDate.getTime() + seconds * 1000)
  const tokens = createTokens(signingKey, now)
  const live = others.live ?? memoryLiveState(now)
  const changed: string[] = []
  const logged: string[] = []
  const ports: ApiPorts = {
    ...{ records, live, tokens, now, version: '0.0.0-test', allowedHosts: [testHost, 'localhost:8600'] },
    logs: async (run, attempt) => ({ attempt: attempt ?? run.attempt, source: 'none', lines: [] }),
    submitJob: async () => ({ kind: 'problems', problems: [] }),
    raiseRerun: async (run) => ({ path: run.specPath, commit: null, pullRequest: null, runId: run.id }),
    skipBackoff: async () => {},
    operate: async (operations) => operations.map((operation) => ({ operation, applied: true as const })),
    serverLogs: async () => ({ source: 'none', pods: [] }),
    endpoints: async () => [],
    proposals: async () => [],
    lifecycle: {
      planDeploy: async () => ({ kind: 'refused', message: 'nothing serves it', hint: 'write an endpoint' }),
    },
    models: {
      register: async () => ({ kind: 'refused', message: 'there is no such run', hint: 'name another' }),
      attach: async () => ({ kind: 'refused', message: 'no tracker is connected', hint: 'connect one' }),
      deploy: async () => ({ kind: 'unchanged', message: 'it says just that already' }),
      promote: async () => ({ kind: 'unchanged', message: 'it says just that already' }),
    },
    changed: (runId) => changed.push(runId),
    log: ({ message }) => logged.push(message),
    ...others,
  }
  const app = await createApi(ports)
  await app.ready()
  return {
    ...{ app, ports, tokens, live, changed, logged },
    advance: (more) => {
      seconds += more
    },
    ask: async (method, url, { body, token, headers } = {}) => {
      const response = await app.inject({
        ...{ method, url },
        headers: {
          host: testHost,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const isJson = String(response.headers['content-type']).includes('json')
      return {
        ...{ status: response.statusCode, headers: response.headers, text: response.body },
        json: isJson ? JSON.parse(response.body) : undefined,
      }
    },
  }
}
