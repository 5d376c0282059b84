import { generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createTokens, tokenLifetimeSeconds } from '../../api/tokens.ts'
import { later, sampleDate } from '../support/records.ts'

const key = new TextEncoder().encode('a key of thirty-two bytes or more')
const subject = { runId: '5b7562c8-c4fa-408e-bf04-e54f27381970', attempt: 2 }
const now = () => sampleDate

/** A token that is right but for what is changed. */
function forged(claims: object = {}, made: { alg?: string; issuer?: string; audience?: string; exp?: number } = {}) {
  const { alg = 'HS256', issuer = 'specyard', audience = 'specyard-callback', exp } = made
  const issuedAt = Math.floor(sampleDate.getTime() / 1000)
  return new SignJWT({ job_id: subject.runId, attempt: 2, scope: 'training-callback', ...claims })
    .setProtectedHeader({ alg })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(exp ?? issuedAt + 3600)
}

const unsigned = (header: object) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { job_id: subject.runId, attempt: 2, scope: 'training-callback', iss: 'specyard' }
  return `${part(header)}.${part({ ...claims, aud: 'specyard-callback', iat: 1, exp: 9e9 })}.`
}

describe('a callback token', () => {
  it('names its run, attempt and expiry', async () => {
    const tokens = createTokens(key, now)
    const { token, expiresAt } = await tokens.mint(subject)
    expect(await tokens.verify(token)).toEqual({ ok: true, ...subject, expiresAt })
    expect(expiresAt.getTime()).toBe(Math.floor(sampleDate.getTime() / 1000 + tokenLifetimeSeconds) * 1000)
  })

  it.each([
    ['is not there', async () => undefined, 'TOKEN_MISSING'],
    ['is empty', async () => '', 'TOKEN_MISSING'],
    ['is some text', async () => 'letmein', 'TOKEN_MALFORMED'],
    ['is three dots', async () => '...', 'TOKEN_MALFORMED'],
    ['is a megabyte', async () => 'a'.repeat(1_000_000), 'TOKEN_MALFORMED'],
    ['has no signature and says so', async () => unsigned({ alg: 'none' }), 'TOKEN_ALGORITHM'],
    ['is signed with our key by HS512', () => forged({}, { alg: 'HS512' }).sign(new Uint8Array(64)), 'TOKEN_ALGORITHM'],
    [
      'is signed with a key pair',
      async () => forged({}, { alg: 'ES256' }).sign((await generateKeyPair('ES256')).privateKey),
      'TOKEN_ALGORITHM',
    ],
    ['is signed with another key', () => forged().sign(new Uint8Array(32).fill(7)), 'TOKEN_SIGNATURE'],
    ['has another scope', () => forged({ scope: 'admin' }).sign(key), 'TOKEN_SCOPE'],
    ['has no scope', () => forged({ scope: undefined }).sign(key), 'TOKEN_SCOPE'],
    ['is of another issuer', () => forged({}, { issuer: 'somebody' }).sign(key), 'TOKEN_SCOPE'],
    ['is for another audience', () => forged({}, { audience: 'dashboard' }).sign(key), 'TOKEN_SCOPE'],
    ['has an attempt in words', () => forged({ attempt: 'two' }).sign(key), 'TOKEN_MALFORMED'],
    ['has a half attempt', () => forged({ attempt: 1.5 }).sign(key), 'TOKEN_MALFORMED'],
    ['expired long ago', () => forged({}, { exp: 1000 }).sign(key), 'TOKEN_EXPIRED'],
  ])('that %s is refused', async (_what, make, code) => {
    expect(await createTokens(key, now).verify(await make())).toEqual({ ok: false, code })
  })

  it('that was changed by a letter is refused, also when the right one is remembered', async () => {
    const tokens = createTokens(key, now)
    const { token } = await tokens.mint(subject)
    await tokens.verify(token)
    const [header, claims = '', signature] = token.split('.')
    const other = Buffer.from(
      Buffer.from(claims, 'base64url').toString().replace('"attempt":2', '"attempt":3'),
    ).toString('base64url')
    expect(await tokens.verify(`${header}.${other}.${signature}`)).toEqual({ ok: false, code: 'TOKEN_SIGNATURE' })
  })

  it('is refused from its expiry on, also when it is remembered, but can still prove who it was', async () => {
    let at = sampleDate
    const tokens = createTokens(key, () => at)
    const { token, expiresAt } = await tokens.mint(subject)
    expect(await tokens.verify(token)).toMatchObject({ ok: true })
    at = new Date(expiresAt.getTime() - 1)
    expect(await tokens.verify(token)).toMatchObject({ ok: true })
    at = expiresAt
    expect(await tokens.verify(token)).toEqual({ ok: false, code: 'TOKEN_EXPIRED' })
    at = later(10 * tokenLifetimeSeconds)
    expect(await tokens.verify(token, { allowExpired: true })).toMatchObject({ ok: true, ...subject })
    expect(
      await tokens.verify(await forged({}, { exp: 1000 }).sign(new Uint8Array(32)), { allowExpired: true }),
    ).toEqual({
      ok: false,
      code: 'TOKEN_SIGNATURE',
    })
  })
})
