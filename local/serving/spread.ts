/** The two releases that an endpoint may have at the same time. */
export const tracks = ['stable', 'candidate'] as const
export type Track = (typeof tracks)[number]

/**
 * Spreads requests over two tracks by weight, without chance: of any hundred in a row the candidate gets its per cent, as evenly among the others
 * as that goes (smooth weighted round robin).
 * @returns the track of the next request. `weight`: per cent of the candidate, 0 to 100; it may change from call to call
 */
export function openSpread(): (weight: number) => Track {
  const credit = { stable: 0, candidate: 0 }
  return (weight) => {
    if (weight <= 0) return 'stable'
    if (weight >= 100) return 'candidate'
    credit.stable += 100 - weight
    credit.candidate += weight
    const next: Track = credit.candidate > credit.stable ? 'candidate' : 'stable'
    credit[next] -= 100
    return next
  }
}
