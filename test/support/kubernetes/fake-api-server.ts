import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * A FAKE of an API server, for faults that a real one shows only when it is lucky: 410 within a stream, a cut within a line, events that come twice,
 * watches that end at once, pages that expire. What it does not do: TLS, access control, validation, admission, selectors (everything of a
 * collection is listed), fields other than `metadata` of a partial object, status subresources. Its resourceVersions are numbers that count its
 * writes, as etcd's do. What works against it is tried against a real API server in test/cluster/.
 */

export interface FakeObject {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [key: string]: unknown
}

export interface FakeApiServer {
  readonly url: string
  /** Path of a kubeconfig; of the given address when the server is reached by way of a proxy. */
  kubeconfig(url?: string): string
  /** Creates an object or replaces the one of its name. */
  put(collection: string, object: FakeObject): FakeObject
  remove(collection: string, name: string): void
  objects(collection: string): readonly FakeObject[]
  /** Forgets all history: who goes on from before now is told 410. */
  compact(): void
  /** Tells every open watch 410 within its stream. */
  expireWatches(): void
  /** Sends half an event to every open watch and breaks the connection. */
  cutWatches(): void
  bookmark(): void
  behave(behaviour: Partial<Behaviour>): void
  /** `GET /path?query`, oldest first. */
  readonly requests: readonly string[]
  openWatches(): number
  close(): Promise<void>
}

export interface Behaviour {
  /** Every event is sent twice. */
  readonly repeats: boolean
  /** Watches end as soon as they have begun. */
  readonly endsWatchesAtOnce: boolean
  /** Watches send a byte now and then, no event, and never end. */
  readonly drips: boolean
  /** So many requests for a further page are told 410. */
  readonly expiredPages: number
  /** Every request is answered with it; null for the truth. */
  readonly status: number | null
  /** Text instead of the next events. */
  readonly garbage: string | null
  /** A collection that may be listed and not watched. */
  readonly unwatchable: string | null
}

interface Event {
  readonly version: number
  readonly collection: string
  readonly line: string
}

interface OpenWatch {
  readonly collection: string
  readonly response: ServerResponse
}

class Fake {
  readonly collections = new Map<string, Map<string, FakeObject>>()
  readonly watches = new Set<OpenWatch>()
  readonly requests: string[] = []
  behaviour: Behaviour = {
    repeats: false,
    endsWatchesAtOnce: false,
    drips: false,
    expiredPages: 0,
    status: null,
    garbage: null,
    unwatchable: null,
  }
  history: Event[] = []
  version = 1
  compactedTo = 0

  of(collection: string): Map<string, FakeObject> {
    const known = this.collections.get(collection) ?? new Map<string, FakeObject>()
    this.collections.set(collection, known)
    return known
  }

  put(collection: string, given: FakeObject): FakeObject {
    const { name } = given.metadata
    const before = this.of(collection).get(name)
    this.version += 1
    const uid = given.metadata.uid ?? before?.metadata.uid ?? randomUUID()
    const object = { ...given, metadata: { ...given.metadata, uid, resourceVersion: String(this.version) } }
    this.of(collection).set(name, object)
    this.tell(collection, before?.metadata.uid === uid ? 'MODIFIED' : 'ADDED', object)
    return object
  }

  remove(collection: string, name: string): boolean {
    const before = this.of(collection).get(name)
    if (!before) return false
    this.of(collection).delete(name)
    this.version += 1
    const metadata = { ...before.metadata, resourceVersion: String(this.version) }
    this.tell(collection, 'DELETED', { ...before, metadata })
    return true
  }

  tell(collection: string, type: string, object: FakeObject): void {
    const line = JSON.stringify({ type, object })
    this.history.push({ version: this.version, collection, line })
    for (const watch of this.watches) if (watch.collection === collection) this.send(watch.response, line)
  }

  send(response: ServerResponse, line: string): void {
    if (this.behaviour.garbage !== null) response.write(`${this.behaviour.garbage}\n`)
    else response.write(this.behaviour.repeats ? `${line}\n${line}\n` : `${line}\n`)
  }

  answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const url = new URL(request.url ?? '/', 'http://fake')
    this.requests.push(`${request.method} ${request.url}`)
    const { status } = this.behaviour
    if (status !== null) return refuse(response, status, 'Fake', `answers ${status} to everything`)
    if (request.method !== 'GET') return this.write(request.method ?? '', url.pathname, body, response)
    if (url.searchParams.get('watch') === 'true') return this.watch(url, response)
    const [collection, name] = split(url.pathname)
    const object = this.collections.get(collection)?.get(name)
    if (object && this.collections.get(url.pathname) === undefined)
      return reply(response, 200, partial(request, object))
    if (this.collections.has(url.pathname) || isCollection(url.pathname)) return this.list(url, response)
    refuse(response, 404, 'NotFound', `${url.pathname} is not there`)
  }

  write(method: string, path: string, body: string, response: ServerResponse): void {
    const object = body === '' ? undefined : (JSON.parse(body) as FakeObject)
    if (method === 'POST' && object) {
      if (this.of(path).has(object.metadata.name)) return refuse(response, 409, 'AlreadyExists', 'it exists')
      return reply(response, 201, this.put(path, object))
    }
    const [collection, name] = split(path)
    const before = this.of(collection).get(name)
    if (!before) return refuse(response, 404, 'NotFound', `${path} is not there`)
    if (method === 'DELETE') {
      this.remove(collection, name)
      return reply(response, 200, { kind: 'Status', status: 'Success' })
    }
    if (method === 'PATCH') {
      const { annotations } = object?.metadata ?? {}
      const merged = { ...before.metadata, annotations: { ...before.metadata.annotations, ...annotations } }
      return reply(response, 200, this.put(collection, { ...before, metadata: merged }))
    }
    const wanted = object?.metadata.resourceVersion
    if (wanted !== undefined && wanted !== before.metadata.resourceVersion)
      return refuse(response, 409, 'Conflict', 'it has been changed')
    reply(response, 200, this.put(collection, { ...before, ...object }))
  }

  list(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('continue') ?? 0)
    if (from > 0 && this.behaviour.expiredPages > 0) {
      this.behaviour = { ...this.behaviour, expiredPages: this.behaviour.expiredPages - 1 }
      return refuse(response, 410, 'Expired', 'the page token is too old')
    }
    const limit = Number(url.searchParams.get('limit') ?? Infinity)
    const all = [...this.of(url.pathname).values()]
    const items = all.slice(from, from + limit)
    const metadata = {
      resourceVersion: String(this.version),
      ...(from + limit < all.length ? { continue: String(from + limit) } : {}),
    }
    reply(response, 200, { kind: 'List', metadata, items })
  }

  watch(url: URL, response: ServerResponse): void {
    if (url.pathname === this.behaviour.unwatchable) return refuse(response, 403, 'Forbidden', 'no verb "watch" here')
    const from = Number(url.searchParams.get('resourceVersion'))
    if (from < this.compactedTo) {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(`${gone}\n`)
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (this.behaviour.endsWatchesAtOnce) return void response.end()
    if (this.behaviour.drips) {
      const timer = setInterval(() => response.write(' '), 50)
      return void response.on('close', () => clearInterval(timer))
    }
    const watch = { collection: url.pathname, response }
    for (const event of this.history)
      if (event.version > from && event.collection === url.pathname) this.send(response, event.line)
    this.watches.add(watch)
    const end = (): void => {
      this.watches.delete(watch)
      response.end()
    }
    const timer = setTimeout(end, Number(url.searchParams.get('timeoutSeconds')) * 1000)
    response.on('close', () => {
      clearTimeout(timer)
      this.watches.delete(watch)
    })
  }
}

const gone = JSON.stringify({
  type: 'ERROR',
  object: { kind: 'Status', status: 'Failure', message: 'too old resource version', reason: 'Expired', code: 410 },
})

export async function startFakeApiServer(): Promise<FakeApiServer> {
  const fake = new Fake()
  const folder = mkdtempSync(join(tmpdir(), 'fake-api-server-'))
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text: string) => (body += text))
    request.on('end', () => fake.answer(request, response, body))
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const own = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  return {
    url: own,
    requests: fake.requests,
    kubeconfig: (url = own) => {
      const path = join(folder, `${randomUUID()}.json`)
      writeFileSync(path, JSON.stringify(kubeconfig(url)))
      return path
    },
    put: (collection, object) => fake.put(collection, object),
    remove: (collection, name) => void fake.remove(collection, name),
    objects: (collection) => [...fake.of(collection).values()],
    compact: () => {
      fake.history = []
      fake.compactedTo = fake.version
    },
    expireWatches: () => {
      for (const { response } of fake.watches) response.end(`${gone}\n`)
      fake.watches.clear()
    },
    cutWatches: () => {
      for (const { response } of fake.watches)
        response.write('{"type":"MODIFIED","object":{"metadata":{"na', () => response.destroy())
      fake.watches.clear()
    },
    bookmark: () => {
      const object = { kind: 'Bookmark', metadata: { resourceVersion: String(fake.version) } }
      for (const { response } of fake.watches) fake.send(response, JSON.stringify({ type: 'BOOKMARK', object }))
    },
    behave: (behaviour) => {
      fake.behaviour = { ...fake.behaviour, ...behaviour }
    },
    openWatches: () => fake.watches.size,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function kubeconfig(server: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    // The client speaks plain HTTP only to a server that is marked so.
    clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user: { token: 'fake-token-canary' } }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    'current-context': 'fake',
  }
}

function isCollection(path: string): boolean {
  return /\/(jobs|pods|deployments)$/.test(path)
}

function split(path: string): readonly [collection: string, name: string] {
  const at = path.lastIndexOf('/')
  return [path.slice(0, at), path.slice(at + 1)]
}

function partial(request: IncomingMessage, object: FakeObject): unknown {
  const wanted = request.headers.accept?.includes('as=PartialObjectMetadata')
  return wanted ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata } : object
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function refuse(response: ServerResponse, status: number, reason: string, message: string): void {
  reply(response, status, { kind: 'Status', status: 'Failure', message, reason, code: status })
}
