import type { RequestOptions } from 'node:http'

/** What stands before a token in the header that lets us in. */
const schemes = /^(bearer|basic)\s+/i

/**
 * Takes what lets us in out of an answer: a server, or a proxy before it, may repeat what it was sent.
 * @param given headers and `user:password` of the request
 */
export function withoutSecrets(text: string, { headers, auth }: Pick<RequestOptions, 'headers' | 'auth'>): string {
  const values = Object.entries(headers ?? {})
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .map(([, value]) => String(value).replace(schemes, ''))
  const password = auth?.slice(auth.indexOf(':') + 1) ?? ''
  const secrets = [...values, ...(auth ? [auth, password, Buffer.from(auth, 'utf8').toString('base64')] : [])]
  let shown = text
  // An answer in JSON may quote a header, and what it quotes may be JSON itself.
  for (const secret of secrets.filter((one) => one.length > 2))
    for (const form of [secret, inJson(secret), inJson(inJson(secret))]) shown = shown.replaceAll(form, '…')
  return shown
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
