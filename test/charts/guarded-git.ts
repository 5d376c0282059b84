import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener, request as send } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { accepts, freePort } from '../cluster/base/ports.ts'
import { runTypescript } from '../cluster/base/typescript.ts'
import { until } from '../cluster/base/wait.ts'

export interface GuardedGit {
  /** http://127.0.0.1:port, or https with a certificate */
  readonly url: string
  /** Who it lets in; it may change at any time. */
  admit(user: string, password: string): void
  /** The Authorization headers that came, `user:password` as they were sent. */
  readonly seen: readonly string[]
  close(): Promise<void>
}

/**
 * Git over HTTP for the bare repositories of a folder, for those alone who know the password.
 * @param certificate key and certificate in PEM, for TLS
 */
export async function startGuardedGit(
  folder: string,
  certificate?: { readonly key: Buffer; readonly cert: Buffer },
): Promise<GuardedGit> {
  const port = await freePort()
  const program = join(import.meta.dirname, '..', 'cluster', 'programs', 'git-http.ts')
  const backend = spawn(process.execPath, runTypescript(program, [folder, String(port), '127.0.0.1']), {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1' },
  })
  await until('the Git server to listen', () => accepts(port), { seconds: 30 })
  const seen: string[] = []
  let admitted = ''
  const answerTo: RequestListener = (incoming, answer) => {
    const [scheme, encoded = ''] = (incoming.headers.authorization ?? '').split(' ')
    const given = scheme === 'Basic' ? Buffer.from(encoded, 'base64').toString('utf8') : ''
    if (given !== '') seen.push(given)
    if (given !== admitted) {
      incoming.resume()
      answer.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who are you?\n')
      return
    }
    const { method, headers, url: path } = incoming
    const outgoing = send({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    outgoing.on('error', () => answer.destroy())
    incoming.pipe(outgoing)
  }
  const server = certificate ? createSecureServer(certificate, answerTo) : createServer(answerTo)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    admit: (user, password) => {
      admitted = `${user}:${password}`
    },
    seen,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await Promise.all([once(server, 'close'), end(backend)])
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill()
  await ended
}
