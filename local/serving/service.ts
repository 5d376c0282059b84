import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { openProxy, type Routing } from './proxy.ts'

/** One address for an endpoint, whichever processes serve it: what a Service and its gateway are in a cluster. */
export interface Service {
  readonly port: number
  readonly routing: Routing
  /** From now on requests go there; those that are under way end where they are. */
  route(routing: Routing): void
  /** Requests to a process that have no whole answer yet. */
  inFlight(port: number): number
  close(): void
}

/** Who asks again after a while finds his connection still open. */
const keepAliveMilliseconds = 75_000

/**
 * @param wanted the port that the endpoint had before; another one where that is taken
 * @param drained called when the last request to a process has its answer
 */
export async function openService(wanted: number | null, drained: () => void): Promise<Service> {
  const proxy = openProxy(drained)
  // Who uploads or is answered for long takes as long as he takes.
  const server = createHttpServer({ keepAliveTimeout: keepAliveMilliseconds, requestTimeout: 0 }, proxy.answer)
  const port = (wanted === null ? null : await listen(server, wanted)) ?? (await listen(server, 0))
  if (port === null) throw new Error('no port of this machine is free')
  return {
    port,
    get routing() {
      return proxy.routing
    },
    route: (routing) => {
      proxy.routing = routing
    },
    inFlight: proxy.inFlight,
    close: () => {
      server.close()
      server.closeAllConnections()
      proxy.close()
    },
  }
}

/** The port that is listened to; null when it is taken. */
async function listen(server: Server | HttpServer, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off('listening', listening)
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null)
      else reject(error)
    }
    const listening = (): void => {
      server.off('error', failed)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : null)
    }
    server.once('error', failed)
    server.once('listening', listening)
    server.listen({ host: '127.0.0.1', port })
  })
}

/** A port of the loopback interface that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server, 0)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (port === null) throw new Error('no port of this machine is free')
  return port
}
