import { createHash } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'

/** What a callback token is for: one attempt of one run. */
export interface TokenSubject {
  readonly runId: string
  readonly attempt: number
}

export const tokenFailures = [
  'TOKEN_MISSING',
  'TOKEN_MALFORMED',
  'TOKEN_ALGORITHM',
  'TOKEN_SIGNATURE',
  'TOKEN_EXPIRED',
  'TOKEN_SCOPE',
] as const
export type TokenFailure = (typeof tokenFailures)[number]

export type Verified =
  ({ readonly ok: true; readonly expiresAt: Date } & TokenSubject) | { readonly ok: false; readonly code: TokenFailure }

/** Mints and checks callback tokens. A token says which attempt speaks, never whether that attempt may still speak. */
export interface Tokens {
  mint(subject: TokenSubject): Promise<{ readonly token: string; readonly expiresAt: Date }>
  verify(token: string | undefined, options?: { readonly allowExpired?: boolean }): Promise<Verified>
}

export const tokenLifetimeSeconds = 6 * 3600

const algorithm = 'HS256'
const scope = 'training-callback'
const issuer = 'specyard'
const audience = 'specyard-callback'
/** No token of ours is near this long; longer ones are not even parsed. */
const tokenCharactersMax = 4096
const rememberedMax = 20_000

/**
 * The algorithm is fixed here and never taken from the token; issuer, audience and scope must be ours.
 * What was verified once is remembered by its hash, so that a heartbeat costs one hash and no signature.
 * @see https://www.rfc-editor.org/rfc/rfc8725
 */
export function createTokens(key: Uint8Array, now: () => Date): Tokens {
  const remembered = new Map<string, Extract<Verified, { ok: true }>>()
  return {
    mint: async ({ runId, attempt }) => {
      const issuedAt = Math.floor(now().getTime() / 1000)
      const expiresAt = issuedAt + tokenLifetimeSeconds
      const token = await new SignJWT({ job_id: runId, attempt, scope })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(key)
      return { token, expiresAt: new Date(expiresAt * 1000) }
    },
    verify: async (token, { allowExpired = false } = {}) => {
      if (token === undefined || token === '') return { ok: false, code: 'TOKEN_MISSING' }
      if (token.length > tokenCharactersMax) return { ok: false, code: 'TOKEN_MALFORMED' }
      const hash = createHash('sha256').update(token).digest('base64')
      const verified = remembered.get(hash) ?? (await verifySigned(token, key))
      if (!verified.ok) return verified
      if (verified.expiresAt.getTime() > now().getTime()) {
        remember(remembered, hash, verified)
        return verified
      }
      remembered.delete(hash)
      return allowExpired ? verified : { ok: false, code: 'TOKEN_EXPIRED' }
    },
  }
}

function remember<Value>(remembered: Map<string, Value>, hash: string, value: Value): void {
  if (remembered.has(hash)) return
  const oldest = remembered.size >= rememberedMax ? remembered.keys().next().value : undefined
  if (oldest !== undefined) remembered.delete(oldest)
  remembered.set(hash, value)
}

/** Everything but the expiry, which is asked anew each time. */
async function verifySigned(token: string, key: Uint8Array): Promise<Verified> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      issuer,
      audience,
      requiredClaims: ['exp', 'iat', 'job_id', 'attempt', 'scope'],
      // A time before every expiry: whether it has passed is asked of the clock each time.
      currentDate: new Date(0),
    })
    const { job_id: runId, attempt, scope: given, exp } = payload
    if (given !== scope) return { ok: false, code: 'TOKEN_SCOPE' }
    if (typeof runId !== 'string' || typeof attempt !== 'number' || !Number.isInteger(attempt) || exp === undefined)
      return { ok: false, code: 'TOKEN_MALFORMED' }
    return { ok: true, runId, attempt, expiresAt: new Date(exp * 1000) }
  } catch (error) {
    return { ok: false, code: failureOf(error) }
  }
}

function failureOf(error: unknown): TokenFailure {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'TOKEN_SIGNATURE'
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) return 'TOKEN_ALGORITHM'
  if (error instanceof errors.JWTClaimValidationFailed) return 'TOKEN_SCOPE'
  return 'TOKEN_MALFORMED'
}
