export interface Backoff {
  readonly leastMilliseconds: number
  readonly mostMilliseconds: number
}

/**
 * How long to wait before the next try: doubled with each failure, between half of it and the whole, so that many who failed together do not come
 * back together.
 * @param failures in a row, from 1
 * @param random from 0 (included) to 1
 */
export function backoffMilliseconds(
  { leastMilliseconds, mostMilliseconds }: Backoff,
  failures: number,
  random: number,
): number {
  const whole = Math.min(mostMilliseconds, leastMilliseconds * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return whole * (0.5 + random / 2)
}
