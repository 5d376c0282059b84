/** The candidate that a misspelt word most likely means; undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = fold(word)
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const folded = foldOf(candidate)
    // As many letters must be put in or taken out at least: most candidates need no closer look.
    if (Math.abs(folded.length - wanted.length) > distanceMax(candidate)) continue
    const distance = editDistance(wanted, folded)
    if (!best || distance < best.distance) best = { candidate, distance }
  }
  if (!best) return undefined
  return best.distance <= distanceMax(best.candidate) ? best.candidate : undefined
}

function distanceMax(candidate: string): number {
  return Math.max(1, Math.floor(candidate.length / 3))
}

/** `learning_rate`, `learning-rate` and `LearningRate` mean the same word. */
function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, '')
}

const foldedCandidates = new Map<string, string>()
const foldedMax = 10_000

/** Candidates are asked for again and again: a document of five thousand unknown words is compared with each of them. */
function foldOf(candidate: string): string {
  let folded = foldedCandidates.get(candidate)
  if (folded === undefined) {
    folded = fold(candidate)
    if (foldedCandidates.size < foldedMax) foldedCandidates.set(candidate, folded)
  }
  return folded
}

const wide = 64
const rows = [0, 1, 2].map(() => new Uint8Array(wide + 1))

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(left: string, right: string): number {
  const [a, b] = [left.slice(0, wide), right.slice(0, wide)]
  let [before, row, next] = rows as [Uint8Array, Uint8Array, Uint8Array]
  for (let j = 0; j <= b.length; j += 1) row[j] = j
  for (let i = 1; i <= a.length; i += 1) {
    const letter = a.charCodeAt(i - 1)
    next[0] = i
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(row, j - 1) + (letter === b.charCodeAt(j - 1) ? 0 : 1)
      let cost = Math.min(change, at(row, j) + 1, at(next, j - 1) + 1)
      const isSwap = i > 1 && j > 1 && letter === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1)
      if (isSwap) cost = Math.min(cost, at(before, j - 2) + 1)
      next[j] = cost
    }
    ;[before, row, next] = [row, next, before]
  }
  return at(row, b.length)
}

function at(row: Uint8Array, index: number): number {
  return row[index] as number
}
