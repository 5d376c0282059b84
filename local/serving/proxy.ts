import { Agent, type IncomingMessage, request as ask, type ServerResponse } from 'node:http'
import { passedOn, trackHeader } from './headers.ts'
import { openSpread, type Track } from './spread.ts'

/** A process that answers. */
export interface Target {
  readonly port: number
  readonly track: Track
}

/** Where requests go. */
export interface Routing {
  readonly targets: readonly Target[]
  /** Per cent of the requests for the candidate; null where there is none. */
  readonly weight: number | null
}

export interface Proxy {
  routing: Routing
  /** Requests to a port that have no whole answer yet. */
  inFlight(port: number): number
  answer(incoming: IncomingMessage, response: ServerResponse): void
  close(): void
}

/** A connection to a process is kept no longer than this without a request: long before the process would close it by itself, as servers do after seconds. */
const idleMilliseconds = 1000

/**
 * Passes each request to a process and its answer back, byte by byte as they come. What could not be given to one process is given to another;
 * a request of which anything was sent on is not sent twice.
 * @param drained called when the last request to a port has its answer
 */
export function openProxy(drained: () => void): Proxy {
  const agent = new Agent({ keepAlive: true, timeout: idleMilliseconds })
  const counts = new Map<number, number>()
  const choose = openChoice()
  const count = (port: number, by: number): void => {
    const left = (counts.get(port) ?? 0) + by
    if (left > 0) counts.set(port, left)
    else counts.delete(port)
    if (left === 0) drained()
  }
  const pass = (incoming: IncomingMessage, response: ServerResponse, tried: ReadonlySet<number>): void => {
    const target = choose(proxy.routing, isForCandidate(incoming), tried)
    if (!target) {
      refuse(response, 503, 'no process of this endpoint is ready')
      return
    }
    const { port, track } = target
    const upstream = ask({
      ...{ host: '127.0.0.1', port, agent, setHost: false },
      ...{ method: incoming.method, path: incoming.url, headers: requestHeaders(incoming) },
    })
    let connected = false
    count(port, 1)
    upstream.on('socket', (socket) => {
      // Nothing of the request is taken before there is somebody to give it to.
      const send = (): void => {
        connected = true
        incoming.pipe(upstream)
      }
      if (socket.connecting) socket.once('connect', send)
      else send()
    })
    upstream.on('response', (answer) => {
      response.sendDate = false
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, [
        ...passedOn(answer.rawHeaders),
        ...[trackHeader, track],
      ])
      answer.on('error', () => response.destroy())
      answer.pipe(response)
    })
    upstream.on('error', () => {
      if (response.destroyed) return
      if (!connected) pass(incoming, response, new Set([...tried, port]))
      else if (response.headersSent) response.destroy()
      else refuse(response, 502, 'the process ended before it answered')
    })
    upstream.on('close', () => count(port, -1))
    response.on('close', () => {
      if (!response.writableFinished) upstream.destroy()
    })
  }
  const proxy: Proxy = {
    routing: { targets: [], weight: null },
    inFlight: (port) => counts.get(port) ?? 0,
    answer: (incoming, response) => pass(incoming, response, new Set()),
    close: () => agent.destroy(),
  }
  return proxy
}

type Choice = (routing: Routing, forCandidate: boolean, tried: ReadonlySet<number>) => Target | undefined

/**
 * Chooses by weight between the tracks, and in turn between the processes of one. While one track has no process that is ready the other one
 * answers, but for a candidate that is to get nothing.
 */
function openChoice(): Choice {
  const nextTrack = openSpread()
  const turns = { stable: 0, candidate: 0 }
  return ({ targets, weight }, forCandidate, tried) => {
    const of = (track: Track): readonly Target[] => targets.filter((one) => one.track === track && !tried.has(one.port))
    const inTurn = (track: Track): Target | undefined => {
      const those = of(track)
      turns[track] += 1
      return those[turns[track] % those.length]
    }
    if (weight === null) return inTurn('stable')
    if (forCandidate) return inTurn('candidate')
    if (of('candidate').length === 0) return inTurn('stable')
    if (of('stable').length === 0) return weight > 0 ? inTurn('candidate') : undefined
    return inTurn(nextTrack(weight))
  }
}

function isForCandidate({ headers }: IncomingMessage): boolean {
  return headers[trackHeader] === 'candidate'
}

/** A body of unknown length stays one: without this Node would send one of a GET with no frame around it. */
function requestHeaders({ headers, rawHeaders }: IncomingMessage): string[] {
  return [
    ...passedOn(rawHeaders),
    ...(headers['transfer-encoding'] === undefined ? [] : ['Transfer-Encoding', 'chunked']),
  ]
}

function refuse(response: ServerResponse, status: 502 | 503, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '1' })
  response.end(`${why}\n`)
}
