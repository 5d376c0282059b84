import { diffLines, type LinePart } from './lines.ts'

export interface UnifiedDiff {
  /** Hunks as `diff -u` writes them, three lines of context around each; no file heads. */
  readonly hunks: readonly string[]
  readonly addedLines: number
  readonly removedLines: number
}

const contextLines = 3

/** The difference of two texts as people read it. A missing line end at the end of a text is told as Git tells it. */
export function unifiedDiff(before: string, after: string): UnifiedDiff {
  const left = linesOf(before)
  const right = linesOf(after)
  const parts = diffLines(left, right)
  return {
    hunks: groups(parts).map((group) => hunk(group, left, right)),
    addedLines: parts.filter((part) => part.kind === 'added').length,
    removedLines: parts.filter((part) => part.kind === 'removed').length,
  }
}

/** A line that ends without a line feed is another line than one that does. */
function linesOf(text: string): readonly string[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') return lines.slice(0, -1)
  return [...lines.slice(0, -1), `${lines.at(-1) ?? ''}\n\\ No newline at end of file`]
}

/** The parts around every change, those that touch joined. */
function groups(parts: readonly LinePart[]): readonly (readonly LinePart[])[] {
  const kept = new Set<number>()
  parts.forEach((part, index) => {
    if (part.kind === 'same') return
    for (let near = index - contextLines; near <= index + contextLines; near += 1) kept.add(near)
  })
  const found: LinePart[][] = []
  parts.forEach((part, index) => {
    if (!kept.has(index)) return
    const last = found.at(-1)
    if (last && kept.has(index - 1)) last.push(part)
    else found.push([part])
  })
  return found
}

function hunk(parts: readonly LinePart[], before: readonly string[], after: readonly string[]): string {
  const left = parts.flatMap((part) => ('before' in part ? [part.before] : []))
  const right = parts.flatMap((part) => ('after' in part ? [part.after] : []))
  const lines = parts.map((part) => {
    if (part.kind === 'removed') return `-${before[part.before] ?? ''}`
    if (part.kind === 'added') return `+${after[part.after] ?? ''}`
    return ` ${before[part.before] ?? ''}`
  })
  return [`@@ -${span(left)} +${span(right)} @@`, ...lines].join('\n')
}

function span(lines: readonly number[]): string {
  const [first] = lines
  if (first === undefined) return '0,0'
  return lines.length === 1 ? String(first + 1) : `${first + 1},${lines.length}`
}
