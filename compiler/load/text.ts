import type { Problem } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import { problem } from '../problem.ts'
import { limits } from './limits.ts'

/** The part of a file between two document markers. */
export interface Segment {
  readonly text: string
  /** Lines of the file before the first of this segment. */
  readonly linesBefore: number
}

/** The text of a file, looked at before any parser sees it: its size, its encoding, and that it is text. */
export function readText(file: SourceFile): { text: string; problems: readonly Problem[] } {
  const where = { file: file.path, line: 1, column: 1 }
  if (file.bytes.length > limits.fileBytes) {
    const message = `the file has ${file.bytes.length} bytes; a spec file may have ${limits.fileBytes}`
    return { text: '', problems: [problem('FILE_TOO_LARGE', where, message, { hint: 'split it into several files' })] }
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(file.bytes)
  } catch {
    const hint = 'save it as UTF-8'
    return { text: '', problems: [problem('FILE_NOT_TEXT', where, 'the file is not UTF-8 text', { hint })] }
  }
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.exec(text)
  if (control) {
    const before = text.slice(0, control.index)
    const line = before.split('\n').length
    const place = { file: file.path, line, column: control.index - before.lastIndexOf('\n') }
    const code = control[0].charCodeAt(0).toString(16).padStart(4, '0')
    return { text: '', problems: [problem('FILE_NOT_TEXT', place, `the file holds the control character U+${code}`)] }
  }
  return { text, problems: [] }
}

/** Splits a text at its document markers. Nothing inside a document can begin a line with `---` or `...`, so this is exact. */
export function splitDocuments(text: string): readonly Segment[] {
  const lines = text.split('\n')
  const segments: Segment[] = []
  let begin = 0
  lines.forEach((line, number) => {
    const starts = /^---(\s|$)/.test(line)
    const ends = /^\.\.\.(\s|$)/.test(line)
    if (!starts && !ends) return
    if (number > begin) segments.push({ text: lines.slice(begin, number).join('\n'), linesBefore: begin })
    begin = ends ? number + 1 : number
  })
  segments.push({ text: lines.slice(begin).join('\n'), linesBefore: begin })
  return segments.filter((segment) => contentLine(segment) !== undefined)
}

/** The line of the file on which a segment's content begins; undefined when it holds comments alone. */
export function contentLine(segment: Segment): number | undefined {
  const index = segment.text.split('\n').findIndex((line) => {
    const content = line.replace(/^---(?=\s|$)/, '').trim()
    return content !== '' && !content.startsWith('#')
  })
  return index < 0 ? undefined : segment.linesBefore + index + 1
}
