import { CORE_SCHEMA, loadAll } from 'js-yaml'
import type { z } from 'zod'

/** Longest manifest that is read, in characters; etcd, where a cluster keeps its objects, takes about as much. */
const manifestLengthMax = 1024 * 1024
/** Most values in one file, each alias counted as often as it is used. */
const nodesMax = 50_000

/** Why a file of the deploy repository cannot be applied; the message names the file and the place in it. */
export class ManifestError extends Error {}

/** The YAML documents of a file, empty ones left out. @throws ManifestError */
export function readDocuments(path: string, text: string): readonly unknown[] {
  if (text.length > manifestLengthMax) throw new ManifestError(`${path}: longer than ${manifestLengthMax} characters`)
  let documents: unknown[]
  try {
    documents = loadAll(text, null, { schema: CORE_SCHEMA })
  } catch (error) {
    const { reason, mark } = error as { reason?: string; mark?: { line: number; column: number } }
    const place = mark ? `:${mark.line + 1}:${mark.column + 1}` : ''
    throw new ManifestError(`${path}${place}: ${reason ?? 'is no YAML'}`)
  }
  let left = nodesMax
  const count = (value: unknown): void => {
    left -= 1
    if (left < 0) throw new ManifestError(`${path}: more than ${nodesMax} values`)
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(count)
  }
  documents.forEach(count)
  return documents.filter((document) => document !== null && document !== undefined)
}

/** A document as what it should be. @throws ManifestError naming the first field that does not fit */
export function checked<Schema extends z.ZodType>(path: string, schema: Schema, document: unknown): z.output<Schema> {
  const result = schema.safeParse(document)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new ManifestError(`${path}: ${issue?.path.join('.') || 'document'}: ${issue?.message ?? 'is not as expected'}`)
}
