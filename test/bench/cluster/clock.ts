/** Milliseconds since 1970 with their fractions: the same clock in every process of this machine. */
export function wallMilliseconds(): number {
  return performance.timeOrigin + performance.now()
}
