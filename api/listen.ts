import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { Fault } from '../domain/fault.ts'

/** A port that is held before the API exists, since what starts with the API must know its address. */
export interface Listening {
  readonly url: string
  /** The `host:port` values under which it can be asked from this machine. */
  readonly hosts: readonly string[]
  /** Hands requests to the app from now on. Before that they are answered with 503 and `Retry-After`. */
  serve(app: FastifyInstance): Promise<void>
  /** Ends streams, waits for the requests that are under way, and gives the port back. */
  close(): Promise<void>
}

const closeSecondsMax = 5

/**
 * Binds an address.
 * @param port 0 for any free one
 * @param host this machine alone unless told
 * @throws Fault PORT_BUSY
 */
export async function listen(port: number, host = '127.0.0.1'): Promise<Listening> {
  let serving: { readonly app: FastifyInstance; readonly routing: Routing } | undefined
  const server = createServer((request, response) => {
    if (serving === undefined) notYet(response)
    else serving.routing(request, response)
  })
  server.requestTimeout = 60_000
  server.headersTimeout = 30_000
  server.keepAliveTimeout = 65_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portFault(error, host, port)))
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://${host}:${bound}`,
    hosts: [`${host}:${bound}`, `localhost:${bound}`],
    serve: async (app) => {
      await app.ready()
      serving = { app, routing: (request, response) => app.routing(request, response) }
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // Closing the app ends the streams; a request that hangs longer than the limit is cut off.
      await serving?.app.close()
      server.closeIdleConnections()
      const limit = setTimeout(() => server.closeAllConnections(), closeSecondsMax * 1000)
      await closed
      clearTimeout(limit)
    },
  }
}

type Routing = (request: IncomingMessage, response: ServerResponse) => void

function notYet(response: ServerResponse): void {
  const error = { code: 'STARTING', message: 'the API is starting', hint: 'ask again in a second' }
  response.writeHead(503, { 'content-type': 'application/json; charset=utf-8', 'retry-after': '1' })
  response.end(JSON.stringify({ error }))
}

function portFault(error: NodeJS.ErrnoException, host: string, port: number): unknown {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return error
  return new Fault(
    'PORT_BUSY',
    error.code === 'EACCES'
      ? `port ${port} of ${host} may not be opened by this user`
      : `port ${port} of ${host} is taken by another program`,
    { retry: 'never', hint: 'choose another with --port (0 takes any free one)', cause: error },
  )
}
