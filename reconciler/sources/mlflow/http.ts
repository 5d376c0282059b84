import { Fault } from '../../../domain/fault.ts'
import type { MlflowAddress } from './address.ts'

/** How much one request may cost us. */
export interface RequestLimits {
  /** From the first byte sent to the last one read. */
  readonly milliseconds: number
  readonly answerBytes: number
}

export const requestLimits: RequestLimits = { milliseconds: 10_000, answerBytes: 8 * 1024 * 1024 }

/** Asks the tracking server's REST API. */
export interface MlflowApi {
  readonly url: string
  get(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown>
  post(path: string, body: unknown, signal: AbortSignal): Promise<unknown>
  /** A text of the server itself, beside its REST API; in both directions. */
  text(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal, sent?: string): Promise<string>
}

const messageCharactersMax = 300

/** The server's own `error_code` of a refusal, e.g. `RESOURCE_DOES_NOT_EXIST`; null for any other error. */
export function errorCodeOf(error: unknown): string | null {
  return error instanceof MlflowRefusal ? error.errorCode : null
}

class MlflowRefusal extends Fault {
  readonly errorCode: string | null
  constructor(message: string, hint: string, errorCode: string | null) {
    super('TRACKER_REFUSED', message, { retry: 'later', hint })
    this.errorCode = errorCode
  }
}

/**
 * A REST client that follows no redirect (the credentials are for one server), waits and reads for a bounded time, and takes answers of a bounded size.
 * @throws Fault TRACKER_UNREACHABLE, TRACKER_REFUSED
 */
export function createMlflowApi(address: MlflowAddress, limits: RequestLimits = requestLimits): MlflowApi {
  const ask = async (path: string, init: RequestInit, signal: AbortSignal): Promise<unknown> => {
    const value = parse(await askText(path, `/api/2.0/mlflow/${path}`, init, signal))
    if (value === undefined) throw unreachable(address, path, 'its answer is no JSON object')
    return value
  }
  const askText = async (path: string, place: string, init: RequestInit, signal: AbortSignal): Promise<string> => {
    signal.throwIfAborted()
    const late = AbortSignal.timeout(limits.milliseconds)
    const fail = (why: string, cause?: unknown) => unreachable(address, path, why, cause)
    try {
      const answer = await fetch(`${address.url}${place}`, {
        ...init,
        headers: {
          accept: 'application/json',
          'user-agent': 'specyard',
          ...(init.body == null ? {} : { 'content-type': 'application/json' }),
          ...init.headers,
          ...(address.authorization === null ? {} : { authorization: address.authorization }),
        },
        redirect: 'manual',
        signal: AbortSignal.any([signal, late]),
      })
      const { text, whole } = await readText(answer, limits.answerBytes)
      if (answer.status >= 300 && answer.status < 400)
        throw refused(address, path, `it sends us elsewhere (${answer.status}), and credentials are for it alone`, null)
      if (!answer.ok) throw refusalOf(address, path, answer.status, text)
      if (!whole) throw fail(`its answer has more than ${limits.answerBytes} bytes`)
      return text
    } catch (error) {
      if (error instanceof Fault) throw error
      signal.throwIfAborted()
      throw fail(late.aborted ? `no whole answer came in ${limits.milliseconds / 1000} s` : brokenBy(error), error)
    }
  }
  return {
    url: address.url,
    get: (path, query, signal) => {
      const text = new URLSearchParams(query).toString()
      return ask(text === '' ? path : `${path}?${text}`, { method: 'GET' }, signal)
    },
    post: (path, body, signal) => ask(path, { method: 'POST', body: JSON.stringify(body) }, signal),
    text: (path, query, signal, sent) => {
      const place = `/${path}?${new URLSearchParams(query).toString()}`
      const headers = { accept: '*/*', 'content-type': 'application/octet-stream' }
      return askText(
        path,
        place,
        sent === undefined ? { method: 'GET', headers: { accept: '*/*' } } : { method: 'POST', body: sent, headers },
        signal,
      )
    },
  }
}

/** Reads at most so many bytes and lets the rest be. */
async function readText(answer: Response, bytesMax: number): Promise<{ text: string; whole: boolean }> {
  const reader = answer.body?.getReader()
  if (!reader) return { text: '', whole: true }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { text: Buffer.concat(chunks).toString('utf8'), whole: true }
    bytes += value.length
    if (bytes > bytesMax) {
      void reader.cancel().catch(() => undefined)
      return { text: Buffer.concat(chunks).toString('utf8'), whole: false }
    }
    chunks.push(value)
  }
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function refusalOf(address: MlflowAddress, path: string, status: number, text: string): Fault {
  const { error_code: code, message } = (parse(text) ?? {}) as { error_code?: unknown; message?: unknown }
  const said = typeof message === 'string' ? `: ${message}` : ''
  if (status === 429 || status >= 500) return unreachable(address, path, `it answers ${status}${said}`)
  return refused(address, path, `it answers ${status}${said}`, typeof code === 'string' ? code : null)
}

function refused(address: MlflowAddress, path: string, why: string, code: string | null): Fault {
  const hint = 'check MLFLOW_TRACKING_URI and the credentials beside it, and what that user may do'
  return new MlflowRefusal(clean(address, `MLflow at ${address.url} refuses ${nameOf(path)}: ${why}`), hint, code)
}

function unreachable(address: MlflowAddress, path: string, why: string, cause?: unknown): Fault {
  return new Fault('TRACKER_UNREACHABLE', clean(address, `MLflow at ${address.url}, ${nameOf(path)}: ${why}`), {
    retry: 'soon',
    hint: 'check that the tracking server runs and that this machine reaches it; nothing else waits for it',
    cause,
  })
}

/** The path without its query, which may hold what a trainer wrote. */
function nameOf(path: string): string {
  return path.split('?')[0] ?? path
}

/** A server may repeat what it was sent. */
function clean({ secrets }: MlflowAddress, message: string): string {
  let text = message
  for (const secret of secrets) text = text.replaceAll(secret, '…')
  return text.slice(0, messageCharactersMax)
}

function brokenBy(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined
  return cause?.code ?? (error instanceof Error ? error.message : String(error))
}

/** What is not there is an answer, not a fault. */
export async function unlessMissing(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked
  } catch (error) {
    if (errorCodeOf(error) === 'RESOURCE_DOES_NOT_EXIST') return undefined
    throw error
  }
}
