import { connect, createServer, type Server, type Socket } from 'node:net'

/** One address for an endpoint, whichever process serves it: what a Service and its proxy are in a cluster. */
export interface Service {
  readonly port: number
  /** Where new connections go; null when nothing is ready, and they are closed. */
  target: number | null
  close(): void
}

/**
 * @param wanted the port that the endpoint had before; another one where that is taken
 */
export async function openService(wanted: number | null): Promise<Service> {
  const sockets = new Set<Socket>()
  const service: { port: number; target: number | null; close: () => void } = { port: 0, target: null, close: () => {} }
  const server = createServer((client) => {
    if (service.target === null) {
      client.destroy()
      return
    }
    const upstream = connect({ host: '127.0.0.1', port: service.target })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', (failed) => {
        sockets.delete(one)
        // Ended, not destroyed: what has been written to the other side is still on its way.
        if (failed) other.destroy()
        else other.end()
      })
      one.pipe(other)
    }
  })
  const port = (wanted === null ? null : await listen(server, wanted)) ?? (await listen(server, 0))
  if (port === null) throw new Error('no port of this machine is free')
  service.port = port
  service.close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return service
}

/** The port that is listened to; null when it is taken. */
async function listen(server: Server, port: number): Promise<number | null> {
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
