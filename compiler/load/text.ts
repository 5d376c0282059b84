import type { Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { problem } from '../problem.ts'
import { limits } from './limits.ts'

/** The part of a file between two document markers. */
export interface Segment {
  readonly text: string
  /** Lines of the file before the first of this segment. */
  readonly linesBefore: number
  /** Line of the file on which its content begins. */
  readonly line: number
  /** Whether its file is ordinary text. */
  readonly isOrdinary: boolean
}

/** What has a meaning of its own somewhere: tabs, carriage returns, control characters, line ends of Unicode, a byte order mark. */
const odd = /[^\n -~\u00a1-\u2027\u202a-\ufefe\uff00-\ufffd]/

/** Whether a text has no character that means something else than itself somewhere. */
export function isOrdinary(text: string): boolean {
  return !odd.test(text)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const none: readonly Problem[] = []

interface Read {
  readonly text: string
  readonly isOrdinary: boolean
  readonly problems: readonly Problem[]
}

/** The text of a file, looked at before any parser sees it: its size, its encoding, and that it is text. */
export function readText(file: SourceFile): Read {
  if (file.bytes.length > limits.fileBytes) {
    const where = { file: file.path, line: 1, column: 1 }
    const message = `the file has more than ${limits.fileBytes} bytes, the most that a spec file may have`
    return unread(problem('FILE_TOO_LARGE', where, message, { hint: 'split it into several files' }))
  }
  let text: string
  try {
    text = utf8.decode(file.bytes)
  } catch {
    const where = { file: file.path, line: 1, column: 1 }
    const hint = 'save it as UTF-8'
    return unread(problem('FILE_NOT_TEXT', where, 'the file is not UTF-8 text', { hint }))
  }
  // Nearly every file is: then it holds no control character either.
  if (isOrdinary(text)) return { text, isOrdinary: true, problems: none }
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\r(?!\n)/.exec(text)
  if (control) {
    const before = text.slice(0, control.index)
    const line = before.split('\n').length
    const place = { file: file.path, line, column: control.index - before.lastIndexOf('\n') }
    const code = control[0].charCodeAt(0).toString(16).padStart(4, '0')
    const hint = code === '000d' ? 'end lines with a line feed, alone or after the carriage return' : 'remove it'
    const message = `the file holds the control character U+${code}`
    return unread(problem('FILE_NOT_TEXT', place, message, { hint }))
  }
  return { text, isOrdinary: false, problems: none }
}

function unread(why: Problem): Read {
  return { text: '', isOrdinary: true, problems: [why] }
}

/**
 * Splits a text at its document markers. Nothing inside a document can begin a line with `---` or `...`, so this is exact. Directives
 * (`%YAML 1.2`) stay with the document that they stand before.
 */
export function splitDocuments(text: string, ordinary = isOrdinary(text)): readonly Segment[] {
  const segments: Segment[] = []
  if (!mayHaveMarkers(text)) {
    addSegment(text, 0, ordinary, segments)
    return segments
  }
  const lines = text.split('\n')
  let begin = 0
  lines.forEach((line, number) => {
    const starts = /^---(\s|$)/.test(line)
    const ends = /^\.\.\.(\s|$)/.test(line)
    if (!starts && !ends) return
    if (starts && isPreamble(lines.slice(begin, number))) return
    // With its last line feed: of a carriage return alone before the marker the slower parser makes a value.
    if (number > begin) addSegment(`${lines.slice(begin, number).join('\n')}\n`, begin, ordinary, segments)
    begin = ends ? number + 1 : number
  })
  addSegment(lines.slice(begin).join('\n'), begin, ordinary, segments)
  return segments
}

function mayHaveMarkers(text: string): boolean {
  return text.startsWith('---') || text.startsWith('...') || text.includes('\n---') || text.includes('\n...')
}

/** Adds a segment, but for one that holds comments alone. */
function addSegment(text: string, linesBefore: number, isOrdinary: boolean, segments: Segment[]): void {
  const line = contentLine(text, linesBefore)
  if (line !== undefined) segments.push({ text, linesBefore, line, isOrdinary })
}

/** Whether lines are what may stand before a document: directives, and comments among them. */
function isPreamble(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith('%')) && lines.every((line) => /^(%|\s*#|\s*$)/.test(line))
}

/** The line of the file on which a segment's content begins; undefined when it holds comments alone. */
function contentLine(text: string, linesBefore: number): number | undefined {
  let number = linesBefore
  const marker = text.startsWith('%') || text.includes('\n%') ? text.search(/^---(?:\s|$)/m) : -1
  for (let begin = 0, end = 0; end >= 0; begin = end + 1) {
    end = text.indexOf('\n', begin)
    number += 1
    const line = end < 0 ? text.slice(begin) : text.slice(begin, end)
    if (line.startsWith('%') && begin < marker) continue
    const content = line.replace(/^---(?=\s|$)/, '').trim()
    if (content !== '' && !content.startsWith('#')) return number
  }
  return undefined
}

/** What is read differently, or might be; each form takes a time that grows with the text and no faster. The first part of each is a mark without which it need not be looked for. */
const oddities: readonly (readonly [mark: string, form: RegExp])[] = [
  // anchors, aliases, tags, explicit keys, directives, white space of its own kind
  ['', /[&*!?%\t\u0085\u2028\u2029\ufeff]/],
  // something that only looks like a document marker
  ['', /^(?:---|\.\.\.)\S/m],
  // a comment that begins right behind a value
  ['#', /["'\]}]#/],
  // a character beyond Unicode
  ['\\', /\\U/],
  // a block of text that states its indentation
  ['', /[|>][+-]?[0-9]/],
  // a line with an odd number of quotes: a quoted text that goes on in the next line, however that is indented
  ['"', /^(?:[^"\n]*"[^"\n]*")*[^"\n]*"[^"\n]*$/m],
  ["'", /^(?:[^'\n]*'[^'\n]*')*[^'\n]*'[^'\n]*$/m],
  // a list or mapping as a key, also where it may be one without a value, and a key that is empty
  ['', /[\]}] *:/],
  ['', /[{,] *[[{]/],
  ['', /(?:^|[{,[-])[ \r]*(?:(?:~|null|Null|NULL) *)?:(?:\s|$)/m],
]

/**
 * Whether a text is written so plainly that every YAML parser reads the same. Comments and apostrophes inside words do not count; a mark
 * inside a quoted text does, which errs on the safe side.
 */
export function isPlain(text: string): boolean {
  const withoutComments = text.includes('#') ? text.replaceAll(/(^| )#.*$/gm, '$1') : text
  const bare = withoutComments.includes("'")
    ? withoutComments.replaceAll(/(?<=[\p{L}\p{N}])'(?=[\p{L}\p{N}])/gu, '')
    : withoutComments
  return oddities.every(([mark, form]) => !bare.includes(mark) || !form.test(bare)) && closesBrackets(bare)
}

/** Quotes that stand around a text, whose brackets may be none. */
const quoted = /"[^"\n]*"|'[^'\n]*'/g

/** Whether each list or mapping in brackets ends on its line: one that goes on in the next is read differently, however that line is indented. */
function closesBrackets(text: string): boolean {
  return areBalanced(text) && (!/["']/.test(text) || areBalanced(text.replaceAll(quoted, '')))
}

const bracket = /[[\]{}]/g
const [openList, openMapping, closeList, closeMapping, lineEnd] = [0x5b, 0x7b, 0x5d, 0x7d, 0x0a]

/** Whether every line closes just the brackets that it opens, others within them too. */
function areBalanced(text: string): boolean {
  bracket.lastIndex = 0
  // Most lines have none, and the characters of those need not be looked at one by one.
  while (bracket.test(text)) {
    let depth = 0
    let at = bracket.lastIndex - 1
    for (; at < text.length; at += 1) {
      const character = text.charCodeAt(at)
      if (character === openList || character === openMapping) depth += 1
      else if (character === closeList || character === closeMapping) depth -= 1
      else if (character === lineEnd) break
      if (depth < 0) break
    }
    if (depth !== 0) return false
    bracket.lastIndex = at
  }
  return true
}
