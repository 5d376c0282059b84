import type { Place } from '../../domain/problem.ts'
import type { Document } from '../load/document.ts'

/**
 * The place of a character of a text that stands in a YAML document, however it is written: plain, quoted, or as a block of lines. Spaces and line
 * ends are what the ways of writing differ in, so the other characters are counted.
 */
export function placeInText(document: Document, pointer: string, text: string, offset: number): Place {
  const whole = document.locate(pointer)
  const written = document.written(pointer)
  if (written === undefined) return whole
  const before = text.slice(0, offset).replace(/\s/g, '').length
  const at = seek(written, before)
  const lines = written.slice(0, at).split('\n')
  const column = lines.at(-1)?.length ?? 0
  const { file, line } = whole
  return lines.length === 1
    ? { file, line, column: whole.column + column }
    : { file, line: line + lines.length - 1, column: column + 1 }
}

/** Index of the character that so many others, spaces left out, stand before. */
function seek(written: string, before: number): number {
  const quote = /^["']/.exec(written)?.[0]
  let at = quote ? 1 : (/^[|>][^\n]*\n/.exec(written)?.[0].length ?? 0)
  let left = before
  for (; at < written.length; at += 1) {
    const isEscape = (quote === '"' && written[at] === '\\') || (quote === "'" && written.startsWith("''", at))
    if (isEscape) at += 1
    if (/\s/.test(written[at] ?? '')) continue
    if (left === 0) return at
    left -= 1
  }
  return Math.max(0, written.trimEnd().length - 1)
}
