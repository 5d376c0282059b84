import { Lexer } from 'yaml'
import { canonicalJson, type Json } from '../../domain/canonical.ts'
import type { Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { loadDocuments } from '../load/document.ts'
import { readText } from '../load/text.ts'
import { readTokens } from '../load/tokens.ts'
import { problem } from '../problem.ts'
import { takeBehindKeys } from './behind.ts'
import { withModeline } from './modeline.ts'
import { orderKeys } from './order.ts'
import { parseForPrinting, printDocument } from './print.ts'

export interface FormatOptions {
  /** Folder or address of the schemas, for files that should name them to editors; undefined for files left without. */
  readonly modeline?: string | undefined
}

export interface Formatted {
  /** The file in the one layout; undefined where it is left alone, for a reason that the problems tell. */
  readonly text?: string
  readonly problems: readonly Problem[]
}

const passesMax = 4

/**
 * Lays a file of specs out: keys in the order of their schema, two spaces of indentation, comments, quotes and brackets as a person wrote them.
 * Never changes a value nor loses a comment: what is printed is read again and compared, and a file that would not be the same is left alone.
 * Line ends stay what those of the first line are. The result of formatting twice is that of formatting once.
 */
export function formatFile(file: SourceFile, options: FormatOptions = {}): Formatted {
  const { text: read, problems } = readText(file)
  if (problems.length > 0) return { problems }
  const before = loadDocuments(file)
  if (before.problems.length > 0) return { problems: before.problems }
  const returns = /^[^\n]*\r\n/.test(read)
  const text = read.replaceAll('\r\n', '\n')
  const written = signature(text, file.path)
  for (const attempt of [{ order: true }, { order: false }]) {
    const printed = settled(text, attempt.order)
    if (printed === undefined) continue
    const ended = (one: string): string => (returns ? one.replaceAll('\n', '\r\n') : one)
    if (signature(ended(printed), file.path) !== written) continue
    return {
      text: ended(options.modeline === undefined ? printed : withModelines(printed, options.modeline)),
      problems: [],
    }
  }
  const where = { file: file.path, line: before.documents[0]?.line ?? 1, column: 1 }
  const message = 'the file cannot be laid out without losing a comment or changing a value, and is left as it is'
  const hint = 'put comments on lines of their own, and write what YAML allows in several ways in a plainer one'
  return { problems: [problem('FORMAT_UNSAFE', where, message, { hint })] }
}

/** What printing again and again comes to; undefined where it comes to nothing. */
function settled(text: string, order: boolean): string | undefined {
  let printed: string | undefined = text
  for (let pass = 0; pass < passesMax; pass += 1) {
    const next: string | undefined = print(printed, order)
    if (next === undefined || next === printed) return next
    printed = next
  }
  return undefined
}

function print(text: string, order: boolean): string | undefined {
  const documents = parseForPrinting(text)
  if (!documents || documents.some((one) => one.errors.length > 0)) return undefined
  if (documents.length === 0) return withEnd(text)
  if (order) documents.forEach(orderKeys)
  try {
    return withEnd(documents.map(printDocument).join(''))
  } catch {
    // An alias that lost its anchor, a key that has no short form: the printer refuses what it cannot write.
    return undefined
  }
}

/** With a line feed at the end. Empty lines there are kept, for they are printed only where they belong to a value. */
function withEnd(text: string): string {
  return text.trim() === '' ? '' : text.endsWith('\n') ? text : `${text}\n`
}

/** What must stay: the values of all documents, the comments, and which of them stand behind which keys. The order of keys and of comments is free. */
function signature(text: string, path: string): string | undefined {
  const { documents, problems } = loadDocuments({ path, bytes: new TextEncoder().encode(text) })
  if (problems.length > 0) return undefined
  const values = documents.map((one) => canonicalJson((one.value ?? null) as Json))
  const comments = commentsOf(text).sort()
  return JSON.stringify([values, comments, comments.length === 0 ? [] : behindKeysOf(text)])
}

/** Each comment behind a key with that key. */
function behindKeysOf(text: string): string[] {
  const taken = takeBehindKeys(readTokens(text).tokens)
  return [...taken.values()].map(({ key, comment }) => `${key}: ${comment.trimEnd()}`).sort()
}

function commentsOf(text: string): string[] {
  const comments: string[] = []
  let before = ''
  for (const lexeme of new Lexer().lex(text)) {
    // A scalar follows this mark; anything else that begins with the sign is a comment.
    if (before !== '\u001f' && lexeme.startsWith('#')) comments.push(lexeme.trimEnd())
    before = lexeme
  }
  return comments
}

function withModelines(text: string, base: string): string {
  const documents = parseForPrinting(text) ?? []
  return documents.map((one, index) => withModeline(printDocument(one, index), one.get('kind'), base)).join('')
}
