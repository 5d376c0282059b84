import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Ports handed out by this process: a second caller must not get one that the first has not bound yet. */
const given = new Set<number>()

/** A port of this address that nobody listens on now. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, address)
    await once(server, 'listening')
    const bound = server.address()
    server.close()
    await once(server, 'close')
    if (bound === null || typeof bound === 'string') throw new Error(`no free port on ${address}`)
    if (given.has(bound.port)) continue
    given.add(bound.port)
    return bound.port
  }
}

export function accepts(port: number, address = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address)
    const answer = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })
}

/** Whether an HTTP server says 200 there. */
export async function answersWell(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.ok,
    () => false,
  )
}
