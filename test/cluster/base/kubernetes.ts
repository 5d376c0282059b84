import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from './wait.ts'

/*
 * A small client for the API server's own REST: paths and JSON, so that a test reads like the API's documentation.
 * It is apart from the product's client on purpose: what the tests see does not pass through what they test.
 */

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly [field: string]: unknown
  }
  readonly [field: string]: unknown
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** @throws Error from every call but `request` for an answer that is no success, with the API server's own message */
export interface Kubernetes {
  /** One request, made again while the server says that it is busy; any answer is fine. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>
  /** @returns undefined when there is no such object */
  get<Kind = KubernetesObject>(path: string): Promise<Kind | undefined>
  list<Kind = KubernetesObject>(path: string): Promise<readonly Kind[]>
  /** Server-side apply: creates or changes. */
  apply(object: KubernetesObject): Promise<KubernetesObject>
  create(path: string, object: unknown): Promise<KubernetesObject>
  /** JSON merge patch. */
  patch(path: string, change: unknown): Promise<KubernetesObject>
  /** No error when it is not there. */
  remove(path: string, propagation?: 'Background' | 'Foreground' | 'Orphan'): Promise<void>
  /** Waits until the object exists and is as wanted. */
  until<Kind = KubernetesObject>(
    path: string,
    what: string,
    isSo: (object: Kind) => unknown,
    seconds?: number,
  ): Promise<Kind>
}

export interface Access {
  /** https://host:port */
  readonly server: string
  /** PEM file. */
  readonly certificateAuthority: string
  /** Without one the request is anonymous. */
  readonly token?: string
}

const requestSeconds = 60
/** For so long a server is asked again that says it is busy: it does so while it makes the storage of a changed definition anew. */
const busySeconds = 30
const busyPauseMilliseconds = 500
/** A server that is slow for a moment is not given thousands of handshakes as well. */
const connectionsMax = 64

export function createKubernetes(access: Access): Kubernetes {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connectionsMax,
    ca: readFileSync(access.certificateAuthority),
  })
  const once = (method: string, path: string, body?: unknown, contentType = 'application/json') =>
    exchange(access, agent, method, path, body === undefined ? undefined : { contentType, text: JSON.stringify(body) })
  const send = async (method: string, path: string, body?: unknown, contentType?: string): Promise<Answer> => {
    const last = performance.now() + busySeconds * 1000
    for (;;) {
      const answer = await once(method, path, body, contentType)
      if (answer.status !== 429 || performance.now() > last) return answer
      await pause(busyPauseMilliseconds)
    }
  }
  const demand = async (method: string, path: string, body?: unknown, contentType?: string) => {
    const answer = await send(method, path, body, contentType)
    if (answer.status >= 300) throw refused(method, path, answer)
    return JSON.parse(answer.body) as KubernetesObject
  }
  const get = async <Kind>(path: string): Promise<Kind | undefined> => {
    const answer = await send('GET', path)
    if (answer.status === 404) return undefined
    if (answer.status >= 300) throw refused('GET', path, answer)
    return JSON.parse(answer.body) as Kind
  }
  const pathOf = pathFinder(get)
  return {
    request: send,
    get,
    list: async <Kind>(path: string) => ((await demand('GET', path)) as unknown as { items: Kind[] }).items,
    apply: async (object) =>
      demand('PATCH', `${await pathOf(object)}?fieldManager=test&force=true`, object, 'application/apply-patch+yaml'),
    create: (path, object) => demand('POST', path, object),
    patch: (path, change) => demand('PATCH', path, change, 'application/merge-patch+json'),
    remove: async (path, propagationPolicy = 'Background') => {
      const answer = await send('DELETE', path, { propagationPolicy })
      if (answer.status >= 300 && answer.status !== 404) throw refused('DELETE', path, answer)
    },
    until: <Kind>(path: string, what: string, isSo: (object: Kind) => unknown, seconds = 30) => {
      let last: Kind | undefined
      const look = async () => {
        last = await get<Kind>(path)
        return last !== undefined && Boolean(isSo(last)) && last
      }
      return until(`${path} ${what}`, look, { seconds }).catch((error: unknown) => {
        const seen = last === undefined ? 'it is not there' : JSON.stringify((last as { status?: unknown }).status)
        throw new Error(`${(error as Error).message}; as it was last: ${seen}`, { cause: error })
      })
    },
  }
}

/** @returns the path of a collection, or of one object in it: resource('batch/v1', 'jobs', 'language', 'a-job') */
export function resource(apiVersion: string, plural: string, namespace: string | null, name?: string): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const place = namespace === null ? '' : `/namespaces/${namespace}`
  return `${group}${place}/${plural}${name === undefined ? '' : `/${name}`}`
}

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[]
}

/** Asks the API server once for each apiVersion under which path its kinds are. */
function pathFinder(get: <Kind>(path: string) => Promise<Kind | undefined>) {
  const known = new Map<string, ResourceList>()
  return async ({ apiVersion, kind, metadata }: KubernetesObject): Promise<string> => {
    const find = () => known.get(apiVersion)?.resources.find((one) => one.kind === kind && !one.name.includes('/'))
    if (find() === undefined) {
      const list = await get<ResourceList>(resource(apiVersion, '', null).replace(/\/$/, ''))
      if (list !== undefined) known.set(apiVersion, list)
    }
    const found = find()
    if (found === undefined) throw new Error(`the API server knows no kind ${kind} in ${apiVersion}`)
    const namespace = found.namespaced ? (metadata.namespace ?? 'default') : null
    return resource(apiVersion, found.name, namespace, metadata.name)
  }
}

function exchange(
  access: Access,
  agent: Agent,
  method: string,
  path: string,
  body: { contentType: string; text: string } | undefined,
): Promise<Answer> {
  const { server, token } = access
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': body.contentType, 'content-length': Buffer.byteLength(body.text) }),
    }
    const sent = request(
      new URL(path, server),
      { method, agent, headers, timeout: requestSeconds * 1000 },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
        answer.on('error', reject)
      },
    )
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within ${requestSeconds} s`)))
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that waited was closed by the other side just when it was used again. What was created may be there.
      const isStale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      if (isStale && method !== 'POST') resolve(exchange(access, agent, method, path, body))
      else reject(error)
    })
    sent.end(body?.text)
  })
}

function refused(method: string, path: string, { status, body }: Answer): Error {
  let message = body
  try {
    message = (JSON.parse(body) as { message?: string }).message ?? body
  } catch {
    // An answer in plain text is its own message.
  }
  return new Error(`${method} ${path}: ${status} ${message}`)
}
