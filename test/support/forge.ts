import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/* Stands in for the part of GitHub's REST API that comments are written by: the same paths, statuses and fields. */

export interface StoredComment {
  readonly id: number
  body: string
  readonly user: { readonly login: string; readonly type: 'Bot' | 'User' }
}

export interface Forge {
  readonly api: string
  readonly comments: StoredComment[]
  /** Method and path of each request. */
  readonly requests: string[]
  /** What tokens may do: write as a workflow, only read as one for a fork, write as a person; or everything fails. */
  mode: 'workflow' | 'fork' | 'person' | 'limited' | 'broken' | 'wrong token'
  close(): Promise<void>
}

export async function startForge(token: string): Promise<Forge> {
  let last = 1000
  const forge = { comments: [] as StoredComment[], requests: [] as string[], mode: 'workflow' as Forge['mode'] }
  const server = createServer((request, response) => {
    void answer(request, response)
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://forge')
    const method = request.method ?? ''
    forge.requests.push(`${method} ${pathname}`)
    const say = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify(body))
    }
    const isKnown =
      request.headers.authorization === `token ${token}` || request.headers.authorization === `bearer ${token}`
    if (forge.mode === 'broken') return say(502, { message: 'Server Error' })
    if (!isKnown || forge.mode === 'wrong token') return say(401, { message: 'Bad credentials' })
    const self =
      forge.mode === 'person'
        ? ({ login: 'ada', type: 'User' } as const)
        : ({ login: 'github-actions[bot]', type: 'Bot' } as const)
    if (pathname === '/user')
      return forge.mode === 'person' ? say(200, self) : say(403, { message: 'Resource not accessible by integration' })
    const shown = (one: StoredComment) => ({ ...one, html_url: `https://github.example/comments/${one.id}` })
    if (method === 'GET' && pathname === '/repos/ml/specs/issues/7/comments') {
      const size = Number(searchParams.get('per_page') ?? 30)
      const page = Number(searchParams.get('page') ?? 1)
      const end = page * size
      const next = `<http://${request.headers.host}${pathname}?per_page=${size}&page=${page + 1}>; rel="next"`
      const headers: Record<string, string> = end < forge.comments.length ? { link: next } : {}
      return say(200, forge.comments.slice(end - size, end).map(shown), headers)
    }
    if (forge.mode === 'limited')
      return say(403, { message: 'API rate limit exceeded' }, { 'x-ratelimit-remaining': '0' })
    if (forge.mode === 'fork' && method !== 'GET')
      return say(403, { message: 'Resource not accessible by integration' })
    const { body = '' } = JSON.parse((await readAll(request)) || '{}') as { body?: string }
    if (method === 'POST' && pathname === '/repos/ml/specs/issues/7/comments') {
      const comment = { id: (last += 1), body, user: self }
      forge.comments.push(comment)
      return say(201, shown(comment))
    }
    const found = forge.comments.find((one) => pathname === `/repos/ml/specs/issues/comments/${one.id}`)
    if (method !== 'PATCH' || !found) return say(404, { message: 'Not Found' })
    found.body = body
    return say(200, shown(found))
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(forge, {
    api: `http://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  })
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
