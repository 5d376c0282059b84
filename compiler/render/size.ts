import type { Place, Problem } from '../../domain/problem.ts'
import { problem } from '../problem.ts'

/** Of one rendered file. etcd refuses requests of more than 1.5 MiB, and the API server adds to what it is given. */
export const manifestBytesMax = 1_000_000

/** Whether the length of a rendered file leaves any doubt: it has at most three bytes for each of its UTF-16 code units. */
export function mayBeTooLarge(text: string): boolean {
  return text.length * 3 > manifestBytesMax
}

/** Whether a rendered file is larger than a cluster takes. */
export function tooLargeManifest(path: string, text: string, where: Place): readonly Problem[] {
  if (!mayBeTooLarge(text)) return []
  const bytes = new TextEncoder().encode(text).length
  if (bytes <= manifestBytesMax) return []
  const message = `${path} would have ${bytes} bytes; a manifest may have ${manifestBytesMax}`
  const hint = 'keep long texts in the image or in storage, and name them in the spec'
  return [problem('MANIFEST_TOO_LARGE', where, message, { hint })]
}
