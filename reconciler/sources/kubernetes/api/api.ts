import { type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { ApiError, errorOf } from './api-error.ts'
import type { Credentials } from './credentials.ts'
import { withoutSecrets } from './secrets.ts'

export interface ApiRequest {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with its query. */
  readonly path: string
  readonly body?: unknown
  /** Media type of the body; default `application/json`. */
  readonly contentType?: string
  readonly accept?: string
  /** The answer may stay away, or stand still, for so long; default 10,000. */
  readonly silenceMilliseconds?: number
  /** Ends the request when it is aborted. */
  readonly signal?: AbortSignal
}

/** An API server, spoken to over HTTP. */
export interface Api {
  readonly server: string
  /** An answer whose body is read by the caller. @throws ApiError */
  open(request: ApiRequest): Promise<IncomingMessage>
  /** The object that is answered with. @throws ApiError */
  json(request: ApiRequest): Promise<unknown>
  dropIdle(): void
  close(): void
}

const silenceMillisecondsDefault = 10_000
/** A page of 500 objects of the largest size there is would have more; ours have a hundredth. */
const bodyBytesMax = 256 * 1024 * 1024
const errorBytesMax = 64 * 1024

export function createApi(credentials: Credentials): Api {
  const open = async (wanted: ApiRequest): Promise<IncomingMessage> => {
    try {
      return await ask(credentials, wanted)
    } catch (error) {
      // A connection that waited was closed by the other side just when it was used again: this says nothing about the server.
      if (!(error instanceof StaleConnection)) throw error
      return ask(credentials, wanted)
    }
  }
  return {
    server: credentials.server,
    open,
    json: async (wanted) => parse(await readBody(await open(wanted), bodyBytesMax)),
    dropIdle: credentials.dropIdle,
    close: credentials.close,
  }
}

class StaleConnection extends ApiError {}

async function ask(credentials: Credentials, wanted: ApiRequest): Promise<IncomingMessage> {
  const given = await credentials.prepare()
  const response = await send(credentials, wanted, given)
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return response
  const body = await readBody(response, errorBytesMax).catch(() => '')
  throw errorOf(status, withoutSecrets(body, given), response.headers['retry-after'])
}

async function send(
  credentials: Credentials,
  wanted: ApiRequest,
  given: Awaited<ReturnType<Credentials['prepare']>>,
): Promise<IncomingMessage> {
  const { method = 'GET', path, body, silenceMilliseconds = silenceMillisecondsDefault, signal } = wanted
  const text = body === undefined ? undefined : JSON.stringify(body)
  const request = credentials.server.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined
    const outgoing = request(`${credentials.server}${path}`, {
      ...given,
      method,
      headers: {
        ...given.headers,
        accept: wanted.accept ?? 'application/json',
        'user-agent': 'specyard',
        ...(text === undefined
          ? {}
          : { 'content-type': wanted.contentType ?? 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
      ...(signal === undefined ? {} : { signal }),
    })
    const silent = (): void => {
      const error = new ApiError(`nothing came for ${silenceMilliseconds / 1000} s`, { silent: true })
      if (response) response.destroy(error)
      else outgoing.destroy(error)
    }
    // The socket's own timeout begins when it is connected: an address that swallows everything would be waited for as long as the system does.
    const patience = setTimeout(silent, silenceMilliseconds)
    outgoing.setTimeout(silenceMilliseconds, silent)
    outgoing.once('close', () => clearTimeout(patience))
    outgoing.once('response', (one: IncomingMessage) => {
      clearTimeout(patience)
      response = one
      resolve(one)
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const stale = method === 'GET' && outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      reject(stale ? new StaleConnection(error.message, { cause: error }) : unanswered(error))
    })
    outgoing.end(text)
  })
}

/** The whole body as text. @throws ApiError when it breaks off or is longer than `bytesMax` */
export async function readBody(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > bytesMax) throw new ApiError(`the answer has more than ${bytesMax} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw unanswered(error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Whatever kept an answer from coming, as one kind of error. */
export function unanswered(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const { code, message } = error as NodeJS.ErrnoException
  return new ApiError(message || code || 'the connection broke', { cause: error })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ApiError('the answer is not JSON', { cause })
  }
}
