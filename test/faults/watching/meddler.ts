import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent, request } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { certificateAuthority } from '../../cluster/parts/credentials.ts'
import type { Cluster } from '../../cluster/support/cluster.ts'

/*
 * A way to the API server on which everything can go wrong. It speaks plain HTTP to its client, so that it can break an answer in the middle of a line,
 * let it drip, or answer in the API server's place.
 */

export type Mischief =
  /** Connections break, and new ones are refused at once. */
  | 'cut'
  /** Connections stand, and nothing comes through; new ones too. */
  | 'half-open'
  /** The next line of each watch ends in its middle, and the answer with it, as if it were whole. */
  | 'truncated'
  /** Answers drip, a few bytes at a time. */
  | 'slow'
  /** Every request is refused: 429 with Retry-After, or 503. */
  | 'too many requests'
  | 'unavailable'

export interface Meddler {
  /** http://127.0.0.1:port */
  readonly url: string
  begin(mischief: Mischief): void
  end(): void
  /** What it has done so far, so that nobody believes in faults that met nothing. */
  readonly done: Readonly<Record<'watches cut in a line' | 'answers slowed' | 'requests refused', number>>
  close(): Promise<void>
}

const dripBytes = 24
const dripMilliseconds = 40
const refusals = { 'too many requests': 429, unavailable: 503 } as const

export async function openMeddler(cluster: Cluster): Promise<Meddler> {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(certificateAuthority(cluster.folder)) })
  const sockets = new Set<Socket>()
  const done = { 'watches cut in a line': 0, 'answers slowed': 0, 'requests refused': 0 }
  let mischief: Mischief | undefined
  /** Responses whose connection is dead for good, although it stands. */
  const dead = new WeakSet<Socket>()

  const pass = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method, headers, url = '/' } = incoming
    const upstream = request(new URL(url, cluster.apiServer), { method, headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      const isWatch = url.includes('watch=true')
      let isSlowed = false
      const write = dripping(outgoing, () => {
        if (mischief === 'slow' && !isSlowed) done['answers slowed'] += 1
        isSlowed ||= mischief === 'slow'
        return mischief === 'slow'
      })
      answer.on('data', (chunk: Buffer) => {
        if (dead.has(incoming.socket)) return
        if (mischief === 'truncated' && isWatch && chunk.length > 2) {
          done['watches cut in a line'] += 1
          outgoing.end(chunk.subarray(0, chunk.length >> 1))
          upstream.destroy()
        } else write(chunk)
      })
      answer.on('end', () => !dead.has(incoming.socket) && write(null))
      answer.on('error', () => outgoing.destroy())
    })
    upstream.on('error', () => outgoing.destroy())
    outgoing.on('close', () => upstream.destroy())
    incoming.pipe(upstream)
  }
  const server = createServer((incoming, outgoing) => {
    if (dead.has(incoming.socket)) return
    const status = refusals[mischief as keyof typeof refusals]
    if (status === undefined) return pass(incoming, outgoing)
    done['requests refused'] += 1
    const wait = status === 429 ? { 'retry-after': '1' } : {}
    outgoing.writeHead(status, { 'content-type': 'text/plain', ...wait }).end('not now')
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    if (mischief === 'cut') socket.destroy()
    if (mischief === 'half-open') dead.add(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    done,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    begin: (wanted) => {
      mischief = wanted
      if (wanted === 'cut') for (const socket of sockets) socket.destroy()
      if (wanted === 'half-open') for (const socket of sockets) dead.add(socket)
      // Watches that run go on in peace otherwise: a server that refuses has lost them too.
      if (wanted in refusals) for (const socket of sockets) socket.destroy()
    },
    end: () => {
      mischief = undefined
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
      agent.destroy()
    },
  }
}

/** Writes chunks whole, or by drops while it is to be slow; in their order in any case. Null ends the answer after what waits. */
function dripping(outgoing: ServerResponse, isSlow: () => boolean): (chunk: Buffer | null) => void {
  let waiting: Buffer = Buffer.alloc(0)
  let ended = false
  let timer: NodeJS.Timeout | undefined
  const drip = (): void => {
    const size = isSlow() ? dripBytes : waiting.length
    outgoing.write(waiting.subarray(0, size))
    waiting = waiting.subarray(size)
    timer = waiting.length > 0 ? setTimeout(drip, dripMilliseconds) : undefined
    if (!timer && ended) outgoing.end()
  }
  outgoing.once('close', () => clearTimeout(timer))
  return (chunk) => {
    if (chunk === null) {
      ended = true
      if (!timer) outgoing.end()
    } else if (timer || isSlow()) {
      waiting = Buffer.concat([waiting, chunk])
      timer ??= setTimeout(drip, dripMilliseconds)
    } else outgoing.write(chunk)
  }
}
