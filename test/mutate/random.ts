/** A source of chance that gives the same again for the same seed. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  pick<One>(list: readonly One[]): One
  chance(ofOne: number): boolean
}

/**
 * @param seed of the run
 * @param number of the input: each has a chance of its own, so that one can be made again without those before it
 * @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md (sfc32)
 */
export function random(seed: number, number: number): Random {
  let [a, b, c, counter] = [seed | 0, number | 0, 0x9e3779b9 | 0, 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return (sum >>> 0) / 2 ** 32
  }
  for (let round = 0; round < 12; round += 1) next()
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    pick: (list) => {
      if (list.length === 0) throw new RangeError('nothing to pick from')
      return list[below(list.length)] as (typeof list)[number]
    },
    chance: (ofOne) => next() < ofOne,
  }
}
