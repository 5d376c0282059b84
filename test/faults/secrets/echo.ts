import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that refuses everything and repeats in its answer what it was sent, as a careless proxy does. */
export interface EchoServer {
  /** http://127.0.0.1:port */
  readonly url: string
  close(): void
}

export async function openEcho(): Promise<EchoServer> {
  let turn = 0
  const server = createServer((request, response) => {
    turn += 1
    const heard = `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${request.headers.authorization ?? ''}`
    const status = [400, 401, 403, 404, 409, 422, 429, 500, 502, 503][turn % 10] ?? 500
    request.resume()
    request.on('end', () => {
      const answers = [
        heard,
        JSON.stringify({ kind: 'Status', status: 'Failure', code: status, message: heard, reason: heard }),
        JSON.stringify({ error_code: 'INTERNAL_ERROR', message: heard }),
        JSON.stringify({ message: heard.slice(0, 200) }),
      ]
      response.writeHead(status, { 'content-type': 'application/json' }).end(answers[turn % answers.length])
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() }
}
