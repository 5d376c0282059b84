/** The candidate that a misspelt word most likely means; undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = fold(word)
  const letters = lettersOf(wanted)
  let best: string | undefined
  let distanceOfBest = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const folded = foldOf(candidate)
    const most = Math.min(distanceMax(candidate), distanceOfBest - 1)
    // As many letters must be put in or taken out at least, and each that only one of them has: most candidates need no closer look.
    if (Math.abs(folded.text.length - wanted.length) > most) continue
    if (ones(letters & ~folded.letters) > most || ones(folded.letters & ~letters) > most) continue
    const distance = editDistance(wanted, folded.text, most)
    if (distance > most) continue
    best = candidate
    distanceOfBest = distance
  }
  return best
}

function distanceMax(candidate: string): number {
  return Math.max(1, Math.floor(candidate.length / 3))
}

/** `learning_rate`, `learning-rate` and `LearningRate` mean the same word. */
function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, '')
}

interface Folded {
  readonly text: string
  readonly letters: number
}

const foldedCandidates = new Map<string, Folded>()
const foldedMax = 10_000

/** Candidates are asked for again and again: a document of five thousand unknown words is compared with each of them. */
function foldOf(candidate: string): Folded {
  let folded = foldedCandidates.get(candidate)
  if (folded === undefined) {
    const text = fold(candidate)
    folded = { text, letters: lettersOf(text) }
    if (foldedCandidates.size < foldedMax) foldedCandidates.set(candidate, folded)
  }
  return folded
}

/** Which characters a word has, a bit for each thirty-second of them. */
function lettersOf(word: string): number {
  let letters = 0
  for (let index = 0; index < word.length; index += 1) letters |= 1 << (word.charCodeAt(index) & 31)
  return letters
}

function ones(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1
  return count
}

const wide = 64
const rows = [0, 1, 2].map(() => new Uint8Array(wide + 1))

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other; any number over `most` where that is not enough. */
function editDistance(left: string, right: string, most: number): number {
  const [a, b] = [left.slice(0, wide), right.slice(0, wide)]
  let [before, row, next] = rows as [Uint8Array, Uint8Array, Uint8Array]
  let leastBefore = 0
  for (let j = 0; j <= b.length; j += 1) row[j] = j
  for (let i = 1; i <= a.length; i += 1) {
    const letter = a.charCodeAt(i - 1)
    next[0] = i
    let least = i
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(row, j - 1) + (letter === b.charCodeAt(j - 1) ? 0 : 1)
      let cost = Math.min(change, at(row, j) + 1, at(next, j - 1) + 1)
      const isSwap = i > 1 && j > 1 && letter === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1)
      if (isSwap) cost = Math.min(cost, at(before, j - 2) + 1)
      next[j] = cost
      if (cost < least) least = cost
    }
    // A row is made of the two before it, and never gets less.
    if (least > most && leastBefore > most) return least
    leastBefore = least
    ;[before, row, next] = [row, next, before]
  }
  return at(row, b.length)
}

function at(row: Uint8Array, index: number): number {
  return row[index] as number
}
