import type { Place } from '../../domain/problem.ts'
import type { Segment } from './text.ts'

/** Makes a place of offsets into the text of a segment; the end is the offset behind the last character, where it is known. */
export type PlaceOf = (begin: number, end?: number) => Place

/** Counts lines itself: the parser's own counter was seen to miss the lines of a block of text behind which it loses the thread. */
export function placesOf(segment: Segment, file: string): PlaceOf {
  const { text, linesBefore } = segment
  const starts = lineStarts(text)
  const position = (offset: number): { line: number; column: number } => {
    const within = Math.min(Math.max(0, offset), text.length)
    const line = lineOf(starts, within)
    return { line: linesBefore + line + 1, column: within - (starts[line] ?? 0) + 1 }
  }
  return (begin, end) => {
    // The line ends behind a block belong to it for the parser, and not for a person.
    const length = end === undefined ? 0 : text.slice(begin, end).trimEnd().length
    return { file, ...position(begin), ...(length > 0 ? { end: position(begin + length) } : {}) }
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Index of the last line that begins at or before an offset. */
function lineOf(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
