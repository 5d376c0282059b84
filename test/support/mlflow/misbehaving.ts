import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server where a tracker should be. */
export interface Misbehaving {
  readonly url: string
  /** Path and query of each request, in order. */
  readonly asked: readonly string[]
  /** The `authorization` headers that came, in order. */
  readonly credentials: readonly (string | undefined)[]
  behave(how: Behaviour): void
  close(): Promise<void>
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void

/** How servers fail, each as somebody has met it. */
export const behaviours = {
  hangs: () => undefined,
  'answers with headers and then nothing': (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{')
  },
  drips: (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write(' '), 20)
    response.once('close', () => clearInterval(timer))
  },
  'answers 500': (_, response) => json(response, 500, { error_code: 'INTERNAL_ERROR', message: 'no such column' }),
  'answers 503 with a page': (_, response) => response.writeHead(503).end('<html>Bad gateway</html>'),
  'answers with a page': (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
  'answers with half of a JSON text': (_, response) => response.writeHead(200).end('{"runs": [{"info":'),
  'answers with a list': (_, response) => json(response, 200, []),
  'answers without end': (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const more = (): void => {
      while (response.write(' '.repeat(64 * 1024)));
    }
    response.on('drain', more)
    more()
  },
  'breaks off': (_, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('{')
    setImmediate(() => response.destroy())
  },
} satisfies Record<string, Behaviour>

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** A run as MLflow writes it. */
export function runJson(
  id: string,
  more: { tags?: Readonly<Record<string, string>>; metrics?: readonly string[] } = {},
) {
  const tags = Object.entries(more.tags ?? {}).map(([key, value]) => ({ key, value }))
  const metrics = (more.metrics ?? []).map((key) => ({ key, value: 1, timestamp: 1000, step: 0 }))
  const info = { run_id: id, experiment_id: '1', status: 'FINISHED', start_time: 1000, end_time: 2000 }
  return { info, data: { tags, metrics, params: [] } }
}

export async function startMisbehaving(first: Behaviour): Promise<Misbehaving> {
  const asked: string[] = []
  const credentials: (string | undefined)[] = []
  let how = first
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    credentials.push(request.headers.authorization)
    how(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    credentials,
    behave: (next) => {
      how = next
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
