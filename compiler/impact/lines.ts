/** A line of one text, of the other, or of both. Numbers count from 0. */
export type LinePart =
  | { readonly kind: 'same'; readonly before: number; readonly after: number }
  | { readonly kind: 'removed'; readonly before: number }
  | { readonly kind: 'added'; readonly after: number }

/** More differing lines than this are told as one block taken away and one put in its place: nobody reads such a difference line by line. */
const editsMax = 1000

/**
 * The shortest way from one list of lines to the other: what is the same, taken away and put in, in order.
 * @see E. W. Myers, An O(ND) Difference Algorithm and Its Variations (1986)
 */
export function diffLines(before: readonly string[], after: readonly string[]): readonly LinePart[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1
  let tail = 0
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail += 1
  const middle = shortestEdit(before.slice(head, before.length - tail), after.slice(head, after.length - tail))
  const parts: LinePart[] = []
  for (let line = 0; line < head; line += 1) parts.push({ kind: 'same', before: line, after: line })
  for (const part of middle) parts.push(shifted(part, head))
  for (let line = tail; line > 0; line -= 1)
    parts.push({ kind: 'same', before: before.length - line, after: after.length - line })
  return parts
}

function shifted(part: LinePart, by: number): LinePart {
  if (part.kind === 'same') return { ...part, before: part.before + by, after: part.after + by }
  return part.kind === 'removed' ? { ...part, before: part.before + by } : { ...part, after: part.after + by }
}

function shortestEdit(before: readonly string[], after: readonly string[]): readonly LinePart[] {
  const replacedWhole = (): readonly LinePart[] => [
    ...before.map((_, line) => ({ kind: 'removed', before: line }) as const),
    ...after.map((_, line) => ({ kind: 'added', after: line }) as const),
  ]
  if (before.length === 0 || after.length === 0) return replacedWhole()
  const most = Math.min(before.length + after.length, editsMax)
  // `reached[diagonal + most]`: how far into `before` the furthest path of so many edits on that diagonal comes.
  const reached = new Int32Array(2 * most + 2)
  const history: Int32Array[] = []
  for (let edits = 0; edits <= most; edits += 1) {
    history.push(reached.slice(most - edits, most + edits + 2))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down = goesDown(diagonal, edits, (one) => reached[one + most] ?? 0)
      let x = down ? (reached[diagonal + 1 + most] ?? 0) : (reached[diagonal - 1 + most] ?? 0) + 1
      let y = x - diagonal
      while (x < before.length && y < after.length && before[x] === after[y]) {
        x += 1
        y += 1
      }
      reached[diagonal + most] = x
      if (x >= before.length && y >= after.length) return walkBack(history, before.length, after.length)
    }
  }
  return replacedWhole()
}

/** Whether the furthest path on a diagonal comes from above (a line put in) rather than from the left (a line taken away). */
function goesDown(diagonal: number, edits: number, at: (diagonal: number) => number): boolean {
  return diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1))
}

function walkBack(history: readonly Int32Array[], rows: number, columns: number): readonly LinePart[] {
  const parts: LinePart[] = []
  let x = rows
  let y = columns
  for (let edits = history.length - 1; edits > 0; edits -= 1) {
    const then = history[edits] ?? new Int32Array()
    const at = (diagonal: number): number => then[diagonal + edits] ?? 0
    const diagonal = x - y
    const down = goesDown(diagonal, edits, at)
    const fromX = at(down ? diagonal + 1 : diagonal - 1)
    const fromY = fromX - (down ? diagonal + 1 : diagonal - 1)
    for (; x > (down ? fromX : fromX + 1) && y > (down ? fromY + 1 : fromY); x -= 1, y -= 1)
      parts.push({ kind: 'same', before: x - 1, after: y - 1 })
    parts.push(down ? { kind: 'added', after: fromY } : { kind: 'removed', before: fromX })
    x = fromX
    y = fromY
  }
  for (; x > 0 && y > 0; x -= 1, y -= 1) parts.push({ kind: 'same', before: x - 1, after: y - 1 })
  return parts.reverse()
}
