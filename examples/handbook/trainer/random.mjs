/*
 * Random choices that are the same each time for the same seed.
 */

/** Numbers from 0 to 1, evenly spread: Tommy Ettinger's mulberry32. @param {number} seed @returns {() => number} */
export function randomNumbers(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * The positions that one epoch learns from, in their order. It depends on seed and epoch alone, so that a training which goes on
 * from a checkpoint sees the same as one that was never interrupted.
 * @param {number} count of positions that there are
 * @param {number} wanted at most this many
 * @param {number} seed @param {number} epoch
 */
export function epochOrder(count, wanted, seed, epoch) {
  const positions = Int32Array.from({ length: count }, (_, index) => index)
  const random = randomNumbers(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(epoch + 1, 0x85ebca6b))
  const taken = Math.min(count, wanted)
  for (let index = 0; index < taken; index++) {
    const other = index + Math.floor(random() * (count - index))
    const position = positions[index]
    positions[index] = positions[other]
    positions[other] = position
  }
  return positions.subarray(0, taken)
}
