/** Numbers that look like chance and are the same for the same seed. */
export interface Random {
  /** From 0 (included) to 1. */
  next(): number
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number
  pick<Value>(values: readonly Value[]): Value
  chance(share: number): boolean
  shuffled<Value>(values: readonly Value[]): Value[]
}

/** A generator of its own by the name of what it is for, so that one more use of chance in one place moves no other. */
export function createRandom(seed: number, purpose: string): Random {
  let state = seed >>> 0
  for (const character of purpose) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0
  // A Weyl sequence whose values are mixed until no bit looks like its neighbour.
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[between(0, values.length - 1)]
    if (value === undefined) throw new RangeError('there is nothing to choose from')
    return value
  }
  return {
    next,
    between,
    pick,
    chance: (share) => next() < share,
    shuffled: (values) => {
      const shuffled = [...values]
      for (let index = shuffled.length - 1; index > 0; index -= 1) {
        const other = between(0, index)
        const kept = shuffled[index] as (typeof shuffled)[number]
        shuffled[index] = shuffled[other] as (typeof shuffled)[number]
        shuffled[other] = kept
      }
      return shuffled
    },
  }
}
