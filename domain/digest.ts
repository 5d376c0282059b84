import { hash } from 'node:crypto'
import { createHash as createSha1 } from 'sha1-uint8array'
import { createHash as createSha256 } from 'sha256-uint8array'

export type Algorithm = 'sha1' | 'sha256'

const inJavaScript = { sha1: createSha1, sha256: createSha256 }

/**
 * Of short texts so many are hashed in JavaScript: to load Node's `crypto` takes a tenth of the start of a process, and is worth it for more than a
 * command about a spec or two has to hash (docs/decisions/0015-code-that-is-kept.md).
 */
let left = 12
const shortLength = 4096

/** Hexadecimal digest of a UTF-8 text or of bytes, whoever makes it. */
export function digest(algorithm: Algorithm, content: string | Uint8Array): string {
  if (left === 0 || content.length > shortLength) return hash(algorithm, content)
  left -= 1
  return digestInJavaScript(algorithm, content)
}

/** The same, made without Node's `crypto`. */
export function digestInJavaScript(algorithm: Algorithm, content: string | Uint8Array): string {
  // The libraries write texts as UTF-8 themselves, but leave out halves of surrogate pairs.
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return inJavaScript[algorithm]().update(bytes).digest('hex')
}
