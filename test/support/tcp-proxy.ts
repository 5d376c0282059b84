import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server that can be closed, opened again and stopped up. */
export interface TcpProxy {
  /** The given URL by way of the proxy. */
  readonly url: string
  /** Breaks every connection and refuses new ones until `restore`. */
  cut(): Promise<void>
  restore(): Promise<void>
  /** Lets every connection stand, and nothing through the ones that there are. */
  hold(): void
  /** Lets nothing through the next connection over which these words are to be sent, from them on. */
  holdAt(words: string): void
  /** Settles when a connection was held by `holdAt`. */
  held(): Promise<void>
  close(): Promise<void>
}

/** @param address that it listens at: of the bed's bridge where pods are to come through it */
export async function openTcpProxy(target: string, address = '127.0.0.1'): Promise<TcpProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let awaited: string | undefined
  let tellHeld = (): void => {}
  let held = Promise.resolve()
  const server = createServer((incoming) => {
    const outgoing = connect(Number(port), hostname)
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
    incoming.on('data', (chunk: Buffer) => {
      if (awaited === undefined || !chunk.includes(awaited)) return
      awaited = undefined
      incoming.unpipe().resume()
      outgoing.unpipe().resume()
      tellHeld()
    })
  })
  const listen = async (wanted: number): Promise<number> => {
    server.listen(wanted, address)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const cut = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  const own = await listen(0)
  const url = new URL(target)
  url.hostname = address
  url.port = String(own)
  return {
    url: url.href,
    cut,
    restore: async () => void (await listen(own)),
    hold: () => {
      for (const socket of sockets) socket.unpipe()
      for (const socket of sockets) socket.resume()
    },
    holdAt: (words) => {
      awaited = words
      held = new Promise((resolve) => (tellHeld = resolve))
    },
    held: () => held,
    close: cut,
  }
}
