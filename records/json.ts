/**
 * JSON text that PostgreSQL takes as `jsonb`. It has no U+0000 and no half of a surrogate pair, which JavaScript's strings may hold:
 * such characters become U+FFFD, in keys too.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return suspicious.test(text) ? JSON.stringify(storable(JSON.parse(text))) : text
}

export function jsonTextOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : jsonText(value)
}

/** Text that PostgreSQL takes: without U+0000. Lone surrogates are replaced on their way into UTF-8. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '\ufffd')
}

/** The same for a text that may be absent. */
export function storableTextOrNull(text: string | null): string | null {
  return text === null ? null : storableText(text)
}

/** JSON writes these characters as escapes only; the same letters after an escaped backslash cost a second look and nothing else. */
const suspicious = /\\u(0000|d[89a-f])/i

function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value).replaceAll(/\p{Surrogate}/gu, '\ufffd')
  if (Array.isArray(value)) return value.map(storable)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [storable(key), storable(one)]))
}
