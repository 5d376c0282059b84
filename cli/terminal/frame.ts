import type { Place, Problem } from '../../domain/problem.ts'
import { columns, printableLine } from './printable.ts'

/** Longest part of a line that is shown, in columns of a terminal; a longer one is cut around what is meant. */
const shownMax = 110
/** Also where a terminal is narrower, for less tells nothing. */
const shownMin = 20
/** How much of a long line is shown before what is meant, where that is beyond what is shown of it from its beginning; of what is shown. */
const shownBefore = 4 / 11
const fromBeginning = 9 / 11
/** Longest mark under a line. */
const markMax = 80

/** Gives the lines of a source file; undefined for one that nobody has. */
export type LinesOf = (file: string) => readonly string[] | undefined

/** The lines of files, split once each. @param texts bytes of the files by path */
export function linesOf(files: readonly { readonly path: string; readonly bytes: Uint8Array }[]): LinesOf {
  const byPath = new Map(files.map((file) => [file.path, file.bytes]))
  const split = new Map<string, readonly string[]>()
  return (path) => {
    const bytes = byPath.get(path)
    if (!bytes) return undefined
    let lines = split.get(path)
    if (!lines) {
      lines = new TextDecoder('utf-8').decode(bytes).split('\n')
      split.set(path, lines)
    }
    return lines
  }
}

/**
 * The line that a problem means with the one before it, and a mark under what is meant; empty where there is nothing to show, or
 * where what stands there may be a secret.
 * @param secrets places that nobody may print
 * @param terminalColumns how wide the terminal is, whose lines must not break: the mark would stand elsewhere
 */
export function codeFrame(
  { code, where, secret }: Problem,
  linesOf: LinesOf,
  secrets: readonly Place[],
  terminalColumns = Infinity,
): readonly string[] {
  const lines = linesOf(where.file)
  const line = lines?.[where.line - 1]
  const isWholeFile = code.startsWith('FILE') && where.line === 1 && where.column === 1
  if (lines === undefined || line === undefined || isWholeFile || secret || isSecret(where.file, where.line, secrets))
    return []
  const before = lines[where.line - 2]
  const showsBefore = before !== undefined && before.trim() !== '' && !isSecret(where.file, where.line - 1, secrets)
  const width = String(where.line).length
  const gutter = (number: number | ''): string => `  ${String(number).padStart(width)} │ `
  const ellipses = 2
  const room = Math.max(shownMin, Math.min(shownMax, terminalColumns - gutter('').length - ellipses))
  const { shown, mark } = marked(line, where, room)
  return [
    ...(showsBefore ? [gutter(where.line - 1) + cut(before, 0, room).shown] : []),
    gutter(where.line) + shown,
    gutter('') + mark,
  ].map((one) => one.trimEnd())
}

function isSecret(file: string, line: number, secrets: readonly Place[]): boolean {
  return secrets.some((one) => one.file === file && line >= one.line && line <= (one.end?.line ?? one.line))
}

function marked(line: string, { column, line: number, end }: Place, room: number): { shown: string; mark: string } {
  const begin = Math.min(column - 1, line.length)
  const { shown, from } = cut(line, begin, room)
  const until = end?.line === number ? end.column - 1 : end ? line.trimEnd().length : begin + 1
  const lead = columns(shown.slice(0, begin - from))
  const meant = columns(shown.slice(begin - from, Math.max(begin + 1, until) - from))
  return { shown, mark: ' '.repeat(lead) + '^'.repeat(Math.min(markMax, Math.max(1, meant))) }
}

/**
 * The part of a line around an offset.
 * @param room in columns, without the ellipses
 * @returns from: offset of the first character that is shown, where the line is cut less its ellipsis
 */
function cut(line: string, around: number, room: number): { shown: string; from: number } {
  const whole = printableLine(line.trimEnd())
  if (columns(whole) <= room) return { shown: whole, from: 0 }
  const isNear = columns(whole.slice(0, around)) <= Math.floor(room * fromBeginning)
  const from = isNear ? 0 : offsetBefore(whole, around, Math.floor(room * shownBefore))
  const part = leading(whole.slice(from), room)
  const after = from + part.length < whole.length ? '…' : ''
  return from === 0 ? { shown: part + after, from } : { shown: `…${part}${after}`, from: from - 1 }
}

/** As many of the first characters as take so many columns; never half of one. */
function leading(text: string, room: number): string {
  let left = room
  let length = 0
  for (const one of text) {
    left -= columns(one)
    if (left < 0) break
    length += one.length
  }
  return text.slice(0, length)
}

/** The offset from which the text before another one takes so many columns; never within a character. */
function offsetBefore(text: string, end: number, room: number): number {
  let left = room
  let from = end
  while (from > 0) {
    const one = /[\udc00-\udfff]/.test(text.charAt(from - 1))
      ? text.slice(Math.max(0, from - 2), from)
      : text.charAt(from - 1)
    left -= columns(one)
    if (left < 0) break
    from -= one.length
  }
  return from
}
