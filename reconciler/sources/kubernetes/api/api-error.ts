/** What went wrong when the API server was asked: it did not answer (`status` is null), or it refused. */
export class ApiError extends Error {
  /** HTTP status, or the code of an `ERROR` event of a watch; null when no answer came. */
  readonly status: number | null
  /** Reason of the Status object, e.g. `AlreadyExists`, `Expired`; empty when there is none. */
  readonly reason: string
  /** What the server asks to wait before the next try; null when it says nothing. */
  readonly retryAfterSeconds: number | null
  /** True when the connection stood and nothing came through it for too long. */
  readonly silent: boolean

  constructor(
    message: string,
    told: {
      readonly status?: number | null
      readonly reason?: string
      readonly retryAfterSeconds?: number | null
      readonly silent?: boolean
      readonly cause?: unknown
    } = {},
  ) {
    super(message, { cause: told.cause })
    this.name = 'ApiError'
    this.status = told.status ?? null
    this.reason = told.reason ?? ''
    this.retryAfterSeconds = told.retryAfterSeconds ?? null
    this.silent = told.silent ?? false
  }
}

/** The longest wait that a server can ask for, seconds. */
const retryAfterSecondsMax = 30
const messageCharactersMax = 500

/**
 * Reads an answer that is no success.
 * @param body text of the answer, a Status object where the API server wrote it and anything where a proxy did
 * @param retryAfter value of the header `Retry-After`
 */
export function errorOf(status: number, body: string, retryAfter: string | undefined): ApiError {
  const told = statusOf(body)
  const wait = told?.details?.retryAfterSeconds ?? (retryAfter === undefined ? NaN : Number(retryAfter))
  return new ApiError((told?.message || `HTTP status ${status}`).slice(0, messageCharactersMax), {
    status: told?.code ?? status,
    reason: told?.reason ?? '',
    retryAfterSeconds: Number.isFinite(wait) ? Math.min(Math.max(0, wait), retryAfterSecondsMax) : null,
  })
}

interface StatusObject {
  readonly kind: 'Status'
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: { readonly retryAfterSeconds?: number }
}

function statusOf(body: string): StatusObject | undefined {
  try {
    const value: unknown = JSON.parse(body)
    const isStatus = typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'Status'
    return isStatus ? (value as StatusObject) : undefined
  } catch {
    return undefined
  }
}
